-- RS256 by nginx's Lua module: OpenSSL through FFI, the key parsed once.

local ffi = require 'ffi'
local cjson = require 'cjson.safe'
local base64 = require 'ngx.base64'

ffi.cdef [[
typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_md_st EVP_MD;
typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct bio_st BIO;
BIO *BIO_new_mem_buf(const void *buf, int len);
EVP_PKEY *PEM_read_bio_PUBKEY(BIO *bp, EVP_PKEY **x, void *cb, void *u);
EVP_MD_CTX *EVP_MD_CTX_new(void);
void EVP_MD_CTX_free(EVP_MD_CTX *ctx);
const EVP_MD *EVP_sha256(void);
int EVP_DigestVerifyInit(EVP_MD_CTX *ctx, void **pctx, const EVP_MD *type,
                         void *e, EVP_PKEY *pkey);
int EVP_DigestVerify(EVP_MD_CTX *ctx, const char *sig, size_t siglen,
                     const char *tbs, size_t tbslen);
void ERR_clear_error(void);
]]

local C = ffi.C
local _M = {}
local key, issuer, audience


function _M.setup(file, iss, aud)
    local f = assert(io.open(file))
    local pem = f:read('*a')

    f:close()

    key = C.PEM_read_bio_PUBKEY(C.BIO_new_mem_buf(pem, #pem), nil, nil, nil)
    assert(key ~= nil, 'no public key')
    issuer, audience = iss, aud
end


local function verify(signature, signed)
    local ctx = C.EVP_MD_CTX_new()
    local good = C.EVP_DigestVerifyInit(ctx, nil, C.EVP_sha256(), nil, key) == 1
        and C.EVP_DigestVerify(ctx, signature, #signature, signed, #signed) == 1

    C.EVP_MD_CTX_free(ctx)

    if not good then
        C.ERR_clear_error()
    end

    return good
end


local function accept(authorization)
    local head, payload, signature =
        string.match(authorization or '', '^Bearer ([^.]+)%.([^.]+)%.([^.]+)$')

    if not head then
        return false
    end

    local header = cjson.decode(base64.decode_base64url(head) or '')
    local raw = base64.decode_base64url(signature)

    if not header or header.alg ~= 'RS256' or not raw
        or not verify(raw, head .. '.' .. payload)
    then
        return false
    end

    local claims = cjson.decode(base64.decode_base64url(payload) or '')

    return claims and claims.iss == issuer and claims.aud == audience
        and type(claims.exp) == 'number' and claims.exp > ngx.time()
end


function _M.access()
    if not accept(ngx.var.http_authorization) then
        ngx.exit(401)
    end
end


return _M
