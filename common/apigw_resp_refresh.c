
#include "apigw_resp_refresh.h"


void
apigw_resp_refresh_want(apigw_resp_refresh_t *refresh)
{
    if (refresh->asking) {
        refresh->again = true;

    } else {
        refresh->wanted = true;
    }
}


uint64_t
apigw_resp_refresh_wait(const apigw_resp_refresh_t *refresh, uint64_t now)
{
    if (!refresh->wanted) {
        return UINT64_MAX;
    }

    if (!refresh->once || now - refresh->begun >= APIGW_RESP_REFRESH_PAUSE) {
        return 0;
    }

    return APIGW_RESP_REFRESH_PAUSE - (now - refresh->begun);
}


void
apigw_resp_refresh_begin(apigw_resp_refresh_t *refresh, uint32_t n,
    uint64_t now)
{
    refresh->begun = now;
    refresh->left = n;
    refresh->wanted = false;
    refresh->again = false;
    refresh->asking = true;
    refresh->once = true;
}


bool
apigw_resp_refresh_next(apigw_resp_refresh_t *refresh, uint32_t n,
    uint32_t *candidate)
{
    if (n != 0 && refresh->left != 0) {
        refresh->left--;
        *candidate = refresh->cursor++ % n;
        return true;
    }

    refresh->asking = false;
    refresh->failed = true;
    refresh->wanted = true;

    return false;
}


void
apigw_resp_refresh_done(apigw_resp_refresh_t *refresh)
{
    refresh->asking = false;
    refresh->known = true;
    refresh->failed = false;
    refresh->wanted = refresh->again;
}
