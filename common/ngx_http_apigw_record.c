
#include "ngx_http_apigw_record.h"
#include "ngx_http_apigw_reject.h"


void *
ngx_http_apigw_record_get(ngx_http_request_t *r, ngx_module_t *module,
    ngx_pool_cleanup_pt cleanup)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_apigw_record_t  *record;

    record = r->ctx[module->ctx_index];

    if (record || (!r->internal && !r->filter_finalize)) {
        return record;
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {

        if (cln->handler != cleanup) {
            continue;
        }

        record = cln->data;

        if (record->request == r) {
            record->reject_status = 0;
            r->ctx[module->ctx_index] = record;
            return record;
        }
    }

    return NULL;
}


void *
ngx_http_apigw_record_create(ngx_http_request_t *r, ngx_module_t *module,
    ngx_pool_cleanup_pt cleanup, size_t size)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_apigw_record_t  *record;

    cln = ngx_pool_cleanup_add(r->pool, size);
    if (cln == NULL) {
        return NULL;
    }

    record = cln->data;

    ngx_memzero(record, size);

    record->request = r;
    ngx_http_apigw_reject_grpc_client(record);
    cln->handler = cleanup;
    r->ctx[module->ctx_index] = record;

    return record;
}
