
/*
 * Points of Edwards curves (RFC 8032) as public keys. OpenSSL takes any bytes
 * for one and finds out when it verifies, small orders never.
 */


#include "apigw_jwk_key.h"

#include <openssl/bn.h>
#include <openssl/err.h>


typedef struct {
    BIGNUM   *p;                     /* the field's prime */
    BIGNUM   *y;
    BIGNUM   *yy;                    /* y squared */
    BIGNUM   *u;
    BIGNUM   *v;
    BN_CTX   *ctx;
} apigw_jwk_point_t;


static int apigw_jwk_okp_point(apigw_jwk_point_t *point, apigw_str_t in);
static int apigw_jwk_okp_25519(apigw_jwk_point_t *point);
static int apigw_jwk_okp_order8(apigw_jwk_point_t *point);
static int apigw_jwk_okp_448(apigw_jwk_point_t *point);
static int apigw_jwk_okp_trivial(apigw_jwk_point_t *point);
static int apigw_jwk_okp_square(apigw_jwk_point_t *point);


apigw_rc_t
apigw_jwk_okp_check(apigw_str_t in)
{
    int                good;
    apigw_jwk_point_t  point;

    point.ctx = BN_CTX_new();
    if (point.ctx == NULL) {
        ERR_clear_error();
        return APIGW_ENOMEM;
    }

    BN_CTX_start(point.ctx);

    point.p = BN_CTX_get(point.ctx);
    point.y = BN_CTX_get(point.ctx);
    point.yy = BN_CTX_get(point.ctx);
    point.u = BN_CTX_get(point.ctx);
    point.v = BN_CTX_get(point.ctx);

    good = point.v ? apigw_jwk_okp_point(&point, in) : -1;

    BN_CTX_end(point.ctx);
    BN_CTX_free(point.ctx);
    ERR_clear_error();

    return good == 1 ? APIGW_OK : good == 0 ? APIGW_EINPUT : APIGW_ENOMEM;
}


/* 1: a good point, 0: none, -1: failure; so are all that follow. */

static int
apigw_jwk_okp_point(apigw_jwk_point_t *point, apigw_str_t in)
{
    uint8_t  y[57];

    if (in.len != 32 && in.len != 57) {
        return 0;
    }

    memcpy(y, in.data, in.len);
    y[in.len - 1] &= 0x7f;                   /* the sign of x */

    if (BN_lebin2bn(y, (int) in.len, point->y) == NULL
        || !BN_one(point->p))
    {
        return -1;
    }

    /* 2^255 - 19 and 2^448 - 2^224 - 1 */

    if (in.len == 32) {
        if (!BN_lshift(point->p, point->p, 255)
            || !BN_sub_word(point->p, 19))
        {
            return -1;
        }

    } else {
        if (!BN_lshift(point->p, point->p, 224)
            || !BN_sub_word(point->p, 1)
            || !BN_lshift(point->p, point->p, 224)
            || !BN_sub_word(point->p, 1))
        {
            return -1;
        }
    }

    if (BN_cmp(point->y, point->p) >= 0) {
        return 0;
    }

    if (apigw_jwk_okp_trivial(point)) {
        return 0;
    }

    if (!BN_mod_sqr(point->yy, point->y, point->p, point->ctx)) {
        return -1;
    }

    return in.len == 32 ? apigw_jwk_okp_25519(point)
                        : apigw_jwk_okp_448(point);
}


/* Orders 1, 2 and 4: y is 1, -1 or 0. Ed448 has no other small ones. */

static int
apigw_jwk_okp_trivial(apigw_jwk_point_t *point)
{
    if (BN_is_zero(point->y) || BN_is_one(point->y)) {
        return 1;
    }

    return BN_sub(point->u, point->p, point->y) && BN_is_one(point->u);
}


/*
 * -x^2 + y^2 = 1 + d x^2 y^2 with d = -121665/121666, so
 * x^2 = (y^2 - 1) / (1 + d y^2). A fraction is a square where the product of
 * its parts is one; both are taken 121666 times.
 */

static int
apigw_jwk_okp_25519(apigw_jwk_point_t *point)
{
    int      order8;
    BIGNUM  *u = point->u, *v = point->v;

    order8 = apigw_jwk_okp_order8(point);
    if (order8 != 0) {
        return order8 == 1 ? 0 : -1;
    }

    if (!BN_copy(u, point->yy)
        || !BN_sub_word(u, 1)
        || !BN_mul_word(u, 121666)
        || !BN_copy(v, point->yy)
        || !BN_mul_word(v, 121665))
    {
        return -1;
    }

    BN_set_negative(v, 1);

    if (!BN_add_word(v, 121666)) {
        return -1;
    }

    return apigw_jwk_okp_square(point);
}


/*
 * Doubling a point of order 8 gives y = 0, which is so where x^2 = -y^2. In
 * the curve's equation: 121666 (2 y^2 - 1) = 121665 y^4.
 */

static int
apigw_jwk_okp_order8(apigw_jwk_point_t *point)
{
    BIGNUM  *u = point->u, *v = point->v;

    if (!BN_lshift1(u, point->yy)
        || !BN_sub_word(u, 1)
        || !BN_mul_word(u, 121666)
        || !BN_mod_sqr(v, point->yy, point->p, point->ctx)
        || !BN_mul_word(v, 121665)
        || !BN_mod_sub(u, u, v, point->p, point->ctx))
    {
        return -1;
    }

    return BN_is_zero(u);
}


/* x^2 + y^2 = 1 + d x^2 y^2 with d = -39081: x^2 = (1 - y^2)/(1 - d y^2) */

static int
apigw_jwk_okp_448(apigw_jwk_point_t *point)
{
    if (!BN_sub(point->u, BN_value_one(), point->yy)
        || !BN_copy(point->v, point->yy)
        || !BN_mul_word(point->v, 39081)
        || !BN_add_word(point->v, 1))
    {
        return -1;
    }

    return apigw_jwk_okp_square(point);
}


/* Whether u v is a square modulo p. */

static int
apigw_jwk_okp_square(apigw_jwk_point_t *point)
{
    int  symbol;

    if (!BN_nnmod(point->u, point->u, point->p, point->ctx)
        || !BN_nnmod(point->v, point->v, point->p, point->ctx)
        || !BN_mod_mul(point->u, point->u, point->v, point->p, point->ctx))
    {
        return -1;
    }

    symbol = BN_kronecker(point->u, point->p, point->ctx);

    return symbol == -2 ? -1 : symbol >= 0;
}
