#include "hooktop/cli/program.h"

int main(int argc, char **argv)
{
    return ht_program(argc, argv);
}
