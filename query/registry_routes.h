// /registry: the embedded schema registry as Confluent's REST API shows it, for reading. Paths,
// bodies and errors are theirs, so that their clients work. The context is a struct query_context.
#pragma once
#include "query/http/http_router.h"

sg_result registry_routes_subjects(void *context, const struct http_request *request,
                                   struct http_response *response);
sg_result registry_routes_versions(void *context, const struct http_request *request,
                                   struct http_response *response);
sg_result registry_routes_version(void *context, const struct http_request *request,
                                  struct http_response *response);
sg_result registry_routes_schema(void *context, const struct http_request *request,
                                 struct http_response *response);
sg_result registry_routes_schema_subjects(void *context, const struct http_request *request,
                                          struct http_response *response);
sg_result registry_routes_schema_versions(void *context, const struct http_request *request,
                                          struct http_response *response);
sg_result registry_routes_types(void *context, const struct http_request *request,
                                struct http_response *response);
sg_result registry_routes_config(void *context, const struct http_request *request,
                                 struct http_response *response);
sg_result registry_routes_subject_config(void *context, const struct http_request *request,
                                         struct http_response *response);
sg_result registry_routes_mode(void *context, const struct http_request *request,
                               struct http_response *response);
