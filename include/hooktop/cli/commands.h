/* The functions behind the table of commands, one file of src/cli per group. Each prints its result and returns; an
 * error is printed by the caller. Main thread; they block. */
#ifndef HOOKTOP_CLI_COMMANDS_H
#define HOOKTOP_CLI_COMMANDS_H

#include "hooktop/cli/command.h"

ht_command_fn ht_cmd_console;
ht_command_fn ht_cmd_demo;
ht_command_fn ht_cmd_setup;
ht_command_fn ht_cmd_worker;
ht_command_fn ht_cmd_worker_list;
ht_command_fn ht_cmd_retention_list;
ht_command_fn ht_cmd_retention_set;
ht_command_fn ht_cmd_tenant_list;
ht_command_fn ht_cmd_tenant_add;
ht_command_fn ht_cmd_type_list;
ht_command_fn ht_cmd_type_show;
ht_command_fn ht_cmd_type_add;
ht_command_fn ht_cmd_emit;
ht_command_fn ht_cmd_event_list;
ht_command_fn ht_cmd_event_show;
ht_command_fn ht_cmd_event_purge;
ht_command_fn ht_cmd_why;
ht_command_fn ht_cmd_endpoint_list;
ht_command_fn ht_cmd_endpoint_show;
ht_command_fn ht_cmd_endpoint_add;
ht_command_fn ht_cmd_endpoint_edit;
ht_command_fn ht_cmd_endpoint_pause;
ht_command_fn ht_cmd_endpoint_resume;
ht_command_fn ht_cmd_endpoint_enable;
ht_command_fn ht_cmd_endpoint_disable;
ht_command_fn ht_cmd_endpoint_release;
ht_command_fn ht_cmd_endpoint_remove;
ht_command_fn ht_cmd_endpoint_snooze;
ht_command_fn ht_cmd_alert_list;
ht_command_fn ht_cmd_alert_acknowledge;
ht_command_fn ht_cmd_secret_list;
ht_command_fn ht_cmd_secret_rotate;
ht_command_fn ht_cmd_secret_promote;
ht_command_fn ht_cmd_secret_revoke;
ht_command_fn ht_cmd_secret_probe;
ht_command_fn ht_cmd_secret_public_key;
ht_command_fn ht_cmd_ping;
ht_command_fn ht_cmd_delivery_list;
ht_command_fn ht_cmd_delivery_show;
ht_command_fn ht_cmd_delivery_tail;
ht_command_fn ht_cmd_delivery_groups;
ht_command_fn ht_cmd_delivery_redeliver;
ht_command_fn ht_cmd_delivery_cancel;
ht_command_fn ht_cmd_replay;
ht_command_fn ht_cmd_replay_list;
ht_command_fn ht_cmd_replay_show;
ht_command_fn ht_cmd_replay_pause;
ht_command_fn ht_cmd_replay_resume;
ht_command_fn ht_cmd_replay_cancel;
ht_command_fn ht_cmd_verify;
ht_command_fn ht_cmd_user_list;
ht_command_fn ht_cmd_user_add;
ht_command_fn ht_cmd_user_remove;
ht_command_fn ht_cmd_audit_list;
ht_command_fn ht_cmd_audit_verify;

#endif
