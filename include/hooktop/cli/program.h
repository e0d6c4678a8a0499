/* The whole program behind main: arguments, context, command, output, error, exit code. Once per process. */
#ifndef HOOKTOP_CLI_PROGRAM_H
#define HOOKTOP_CLI_PROGRAM_H

/* Returns the exit code: 0 done, 1 failed, 2 wrong usage, 3 no database, 4 not allowed. */
int ht_program(int argc, char **argv);

#endif
