// Names of C made from names of Avro.
#pragma once
#include "schemas/binary/schema_tree.h"

enum { C_NAME_MAX = 128 };

// "ChannelKind" gives "channel_kind". Longer names are cut.
void c_name_snake(const char *name, char ret_name[static C_NAME_MAX]);

// "ChannelKind" gives "CHANNEL_KIND". Longer names are cut.
void c_name_upper(const char *name, char ret_name[static C_NAME_MAX]);

// The enumerator of a branch: "command", "body" and Subscribe give "COMMAND_BODY_SUBSCRIBE".
void c_name_branch(const char *record, const char *field, const struct schema_node *branch,
                   char ret_name[static C_NAME_MAX * 3]);

// The C type of a value that is no list: "struct bytes".
void c_name_type(const struct schema_node *node, char ret_name[static C_NAME_MAX]);
