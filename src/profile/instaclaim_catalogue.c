/* InstaClaim's events: each payload's members, their types and formats, and which must be there. */
#include "wire.h"

/* clang-format off */
#define UUID      "{\"type\":\"string\",\"format\":\"uuid\"}"
#define MAYBE_ID  "{\"type\":\"string\",\"format\":\"uuid\",\"nullable\":true}"
#define STRING    "{\"type\":\"string\"}"
#define MAYBE     "{\"type\":\"string\",\"nullable\":true}"
#define DATE      "{\"type\":\"string\",\"format\":\"date\"}"
#define TIME      "{\"type\":\"string\",\"format\":\"date-time\"}"
#define EMAIL     "{\"type\":\"string\",\"format\":\"email\"}"
#define ONE_OF(...) "{\"type\":\"string\",\"enum\":[" #__VA_ARGS__ "]}"
#define ONLY(value) "{\"type\":\"string\",\"const\":\"" value "\"}"

#define OBJECT(required, members) "{\"type\":\"object\",\"required\":[" required "],\"properties\":{" members "}}"
#define NEEDS(...)                #__VA_ARGS__
#define HAS(name, schema)         "\"" name "\":" schema
#define AND(name, schema)         ",\"" name "\":" schema

#define CLAIM_PROJECT \
    OBJECT(NEEDS("project_id", "name", "period_start", "period_end", "status"), \
           HAS("project_id", UUID) AND("name", STRING) AND("period_start", DATE) AND("period_end", DATE) \
           AND("status", ONE_OF("draft", "active", "archived")))
#define EXPENSE_CATEGORY \
    OBJECT(NEEDS("category_id", "code", "name", "status"), \
           HAS("category_id", UUID) AND("project_id", MAYBE_ID) AND("code", STRING) AND("name", STRING) \
           AND("status", ONE_OF("active", "archived")))
#define REPORT_CONFIGURATION \
    OBJECT(NEEDS("report_configuration_id", "name", "period_start", "period_end", "status"), \
           HAS("report_configuration_id", UUID) AND("project_id", MAYBE_ID) AND("name", STRING) \
           AND("period_start", DATE) AND("period_end", DATE) AND("status", ONE_OF("draft", "ready", "archived")))
#define REPORT_IDS HAS("claim_report_id", UUID) AND("project_id", MAYBE_ID) AND("report_configuration_id", MAYBE_ID)
#define REPORT_QUEUED OBJECT(NEEDS("claim_report_id", "status"), REPORT_IDS AND("status", ONLY("queued")))
#define REPORT_SUCCEEDED \
    OBJECT(NEEDS("claim_report_id", "status", "generated_at"), \
           REPORT_IDS AND("status", ONLY("succeeded")) AND("generated_at", TIME))
#define REPORT_FAILED \
    OBJECT(NEEDS("claim_report_id", "status"), REPORT_IDS AND("status", ONLY("failed")) AND("error_message", MAYBE))
#define REDACTION(status, more) \
    OBJECT(NEEDS("bank_statement_id", "redaction_status"), \
           HAS("bank_statement_id", UUID) AND("project_id", MAYBE_ID) AND("redaction_status", ONLY(status)) \
           AND("redaction_provider", ONE_OF("azure", "manual", "none")) more)
#define USER_INVITED \
    OBJECT(NEEDS("email", "role", "invite_id"), \
           HAS("email", EMAIL) AND("role", STRING) AND("invited_by", MAYBE_ID) AND("invite_id", UUID))
#define ORGANIZATION \
    OBJECT(NEEDS("tenant_id", "name", "slug"), HAS("tenant_id", UUID) AND("name", STRING) AND("slug", STRING))
#define INTEGRATION \
    OBJECT(NEEDS("integration_key", "connected_at", "connected_by_user_id"), \
           HAS("integration_key", STRING) AND("connected_at", TIME) AND("connected_by_user_id", UUID))
#define TEST_EVENT \
    OBJECT(NEEDS("event", "tenant_id", "webhook_id", "webhook_status", "sent_at"), \
           HAS("event", ONLY("webhook.test")) AND("tenant_id", UUID) AND("webhook_id", UUID) \
           AND("webhook_status", STRING) AND("sent_at", TIME))

/* Samples */
#define PROJECT_ID "\"project_id\":\"0193480d-5a78-7cc2-b1f4-a3d2e1f0a9b8\""
#define PROJECT(status) \
    "{" PROJECT_ID ",\"name\":\"Tax year 2026\",\"period_start\":\"2026-01-01\",\"period_end\":\"2026-12-31\"," \
    "\"status\":\"" status "\"}"
#define CATEGORY(status) \
    "{\"category_id\":\"0193480d-6c1e-7d0a-9b43-5f2c8e7a6d14\"," PROJECT_ID ",\"code\":\"TRAVEL\"," \
    "\"name\":\"Travel and accommodation\",\"status\":\"" status "\"}"
#define CONFIGURATION_ID "\"report_configuration_id\":\"0193480d-7f33-7a61-8c22-1d9e0b4f6a75\""
#define CONFIGURATION(status) \
    "{" CONFIGURATION_ID "," PROJECT_ID ",\"name\":\"Quarterly summary\",\"period_start\":\"2026-10-01\"," \
    "\"period_end\":\"2026-12-31\",\"status\":\"" status "\"}"
#define REPORT(status, more) \
    "{\"claim_report_id\":\"0193480d-8e02-7b95-a0c6-72f3d5e9b018\"," PROJECT_ID "," CONFIGURATION_ID "," \
    "\"status\":\"" status "\"" more "}"
#define STATEMENT(status, more) \
    "{\"bank_statement_id\":\"0193480d-9b47-7e3f-b6d8-40a1c2f7e593\"," PROJECT_ID "," \
    "\"redaction_status\":\"" status "\",\"redaction_provider\":\"azure\"" more "}"

const struct ht_catalogue_type ht_instaclaim_types[HT_INSTACLAIM_TYPES] = {
    {"claim_project.created", HT_TYPE_EMITTED, "A claim project was created", CLAIM_PROJECT, PROJECT("draft")},
    {"claim_project.updated", HT_TYPE_EMITTED, "A claim project was changed", CLAIM_PROJECT, PROJECT("active")},
    {"expense_category.created", HT_TYPE_EMITTED, "An expense category was created", EXPENSE_CATEGORY,
     CATEGORY("active")},
    {"expense_category.updated", HT_TYPE_EMITTED, "An expense category was changed", EXPENSE_CATEGORY,
     CATEGORY("archived")},
    {"report_configuration.created", HT_TYPE_EMITTED, "A report configuration was created", REPORT_CONFIGURATION,
     CONFIGURATION("draft")},
    {"report_configuration.updated", HT_TYPE_EMITTED, "A report configuration was changed", REPORT_CONFIGURATION,
     CONFIGURATION("ready")},
    {"claim_report.queued", HT_TYPE_EMITTED, "A report waits to be generated", REPORT_QUEUED, REPORT("queued", "")},
    {"claim_report.succeeded", HT_TYPE_EMITTED, "A report was generated", REPORT_SUCCEEDED,
     REPORT("succeeded", ",\"generated_at\":\"2026-11-20T14:02:58Z\"")},
    {"claim_report.failed", HT_TYPE_EMITTED, "A report could not be generated", REPORT_FAILED,
     REPORT("failed", ",\"error_message\":\"The reporting period holds no approved expenses\"")},
    {"bank_statement.redaction_queued", HT_TYPE_PLANNED, "A bank statement waits for redaction",
     REDACTION("queued", ""), STATEMENT("queued", "")},
    {"bank_statement.redaction_succeeded", HT_TYPE_EMITTED, "A bank statement was redacted",
     REDACTION("succeeded", ""), STATEMENT("succeeded", "")},
    {"bank_statement.redaction_failed", HT_TYPE_EMITTED, "A bank statement could not be redacted",
     REDACTION("failed", AND("error_message", MAYBE)), STATEMENT("failed", ",\"error_message\":null")},
    {"user.invited", HT_TYPE_EMITTED, "A user was invited to the organization", USER_INVITED,
     "{\"email\":\"maria@example.com\",\"role\":\"member\",\"invited_by\":\"0193480d-a5f0-7c18-9e27-b3d4f6081c52\","
     "\"invite_id\":\"0193480d-b7c9-7f44-8a10-6e5d2c9b7f31\"}"},
    {"organization.updated", HT_TYPE_EMITTED, "The organization's profile was changed", ORGANIZATION,
     "{\"tenant_id\":\"0193480d-c412-7d86-b5e9-0f8a7c3d2e64\",\"name\":\"Northwind Claims\",\"slug\":\"northwind\"}"},
    {"integration.connected", HT_TYPE_PLANNED, "An integration was connected", INTEGRATION,
     "{\"integration_key\":\"xero\",\"connected_at\":\"2026-11-20T14:02:58Z\","
     "\"connected_by_user_id\":\"0193480d-a5f0-7c18-9e27-b3d4f6081c52\"}"},
    {HT_TEST_TYPE, HT_TYPE_TEST, "The unsigned test event of a ping", TEST_EVENT,
     "{\"event\":\"webhook.test\",\"tenant_id\":\"0193480d-c412-7d86-b5e9-0f8a7c3d2e64\","
     "\"webhook_id\":\"0193480d-d60b-7a2c-9f35-8b1e4d7c0a96\",\"webhook_status\":\"active\","
     "\"sent_at\":\"2026-11-20T14:02:58.440Z\"}"},
};
/* clang-format on */
