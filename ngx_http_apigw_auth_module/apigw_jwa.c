
#include "apigw_jwa.h"


static const char *const  apigw_jwa_names[] = {
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "Ed448",
    "HS256", "HS384", "HS512"
};


apigw_jwa_e
apigw_jwa_find(apigw_str_t name)
{
    int  i;

    for (i = 0; i < APIGW_JWA_N; i++) {
        if (apigw_str_is(name, apigw_jwa_names[i])) {
            break;
        }
    }

    return i;
}


const char *
apigw_jwa_name(apigw_jwa_e alg)
{
    return alg < APIGW_JWA_N ? apigw_jwa_names[alg] : "";
}


size_t
apigw_jwa_digest_len(apigw_jwa_e alg)
{
    switch (alg) {

    case APIGW_JWA_RS256:
    case APIGW_JWA_PS256:
    case APIGW_JWA_ES256:
    case APIGW_JWA_HS256:
        return 32;

    case APIGW_JWA_RS384:
    case APIGW_JWA_PS384:
    case APIGW_JWA_ES384:
    case APIGW_JWA_HS384:
        return 48;

    case APIGW_JWA_RS512:
    case APIGW_JWA_PS512:
    case APIGW_JWA_ES512:
    case APIGW_JWA_HS512:
        return 64;

    default:
        return 0;
    }
}
