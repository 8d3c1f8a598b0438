
/* Reading claims into an index of their values, and finding them there. */


#include "apigw_claims.h"

#include "apigw_json_value.h"


typedef struct {
    apigw_str_t          name;       /* decoded; of an object's member */
    apigw_str_t          text;       /* see apigw_claim_t */
    uint32_t             first;      /* child; 0: none */
    uint32_t             next;       /* sibling; 0: none */
    apigw_claim_type_e   type;
} apigw_claim_node_t;


struct apigw_claims_s {
    apigw_str_t          json;
    apigw_claim_node_t  *nodes;      /* the first one is the root */
    uint32_t             nnodes;
    bool                 cnf;        /* it has a claim of this name */
};


/* Where reading is: open containers, each with its last child. */

typedef struct {
    apigw_claims_t      *claims;
    apigw_arena_t       *arena;
    apigw_str_t          name;       /* of the value that comes next */
    uint32_t             max;
    uint32_t             depth;
    uint32_t             open[APIGW_CLAIMS_DEPTH + 1];
    uint32_t             last[APIGW_CLAIMS_DEPTH + 1];
} apigw_claims_builder_t;


static uint32_t apigw_claims_bound(apigw_str_t json);
static apigw_rc_t apigw_claims_build(apigw_claims_builder_t *builder,
    apigw_json_reader_t *reader);
static apigw_rc_t apigw_claims_token(apigw_claims_builder_t *builder,
    const apigw_json_token_t *token);
static apigw_rc_t apigw_claims_add(apigw_claims_builder_t *builder,
    const apigw_json_token_t *token);
static void apigw_claims_link(apigw_claims_builder_t *builder,
    uint32_t node);
static apigw_rc_t apigw_claims_string(apigw_claims_builder_t *builder,
    const apigw_json_token_t *token, apigw_str_t *text);
static bool apigw_claims_move(apigw_str_t *s, apigw_arena_t *arena,
    apigw_str_t from, apigw_str_t to);
static bool apigw_claims_member(const apigw_claims_t *claims, uint32_t parent,
    apigw_str_t name, uint32_t *found);
static bool apigw_claims_element(const apigw_claims_t *claims,
    uint32_t parent, uint32_t index, uint32_t *found);
static void apigw_claims_value(const apigw_claims_t *claims, uint32_t node,
    apigw_claim_t *value);


static const apigw_json_options_t  apigw_claims_options = {
    .max_depth = APIGW_CLAIMS_DEPTH,
    .max_members = APIGW_CLAIMS_MEMBERS,
    .duplicates = APIGW_JSON_DUP_REJECT,
    .root_object = true,
    .refuse_bom = true,
    .refuse_nul = true,
    .refuse_lone = true
};


apigw_rc_t
apigw_claims_parse(apigw_claims_t **out, apigw_arena_t *arena,
    apigw_str_t json, apigw_error_t *err)
{
    uint32_t                 node;
    apigw_rc_t               rc;
    apigw_claims_t          *claims;
    apigw_json_reader_t      reader;
    apigw_claims_builder_t   builder;

    static const apigw_str_t  cnf = apigw_str("cnf");

    err->word = "token_malformed";
    err->offset = 0;

    claims = apigw_arena_zalloc(arena, sizeof(apigw_claims_t));
    if (claims == NULL) {
        return APIGW_ENOMEM;
    }

    memset(&builder, 0, sizeof(apigw_claims_builder_t));

    builder.claims = claims;
    builder.arena = arena;
    builder.max = apigw_claims_bound(json);

    claims->json = json;
    claims->nodes = apigw_arena_array(arena, builder.max,
                                      sizeof(apigw_claim_node_t));
    if (claims->nodes == NULL) {
        return APIGW_ENOMEM;
    }

    rc = apigw_json_reader_init(&reader, arena, &apigw_claims_options);
    if (rc != APIGW_OK) {
        return rc;
    }

    apigw_json_reader_feed(&reader, json.data, json.len, true);

    rc = apigw_claims_build(&builder, &reader);

    if (rc == APIGW_OK) {
        claims->cnf = apigw_claims_member(claims, 0, cnf, &node);
        *out = claims;
        return APIGW_OK;
    }

    err->offset = reader.error.offset;

    return rc == APIGW_ENOMEM ? rc : APIGW_EINPUT;
}


/* Every value but the root follows a "[", a "," or, by its name, a "{". */

static uint32_t
apigw_claims_bound(apigw_str_t json)
{
    size_t  i, n;

    n = 1;

    for (i = 0; i < json.len; i++) {
        n += (json.data[i] == ',' || json.data[i] == '['
              || json.data[i] == '{');
    }

    return n < APIGW_CLAIMS_NODES ? (uint32_t) n : APIGW_CLAIMS_NODES;
}


static apigw_rc_t
apigw_claims_build(apigw_claims_builder_t *builder,
    apigw_json_reader_t *reader)
{
    apigw_rc_t          rc;
    apigw_json_token_t  token;

    for ( ;; ) {
        rc = apigw_json_reader_next(reader, &token);
        if (rc != APIGW_OK) {
            return rc;
        }

        if (token.kind == APIGW_JSON_END) {
            return APIGW_OK;
        }

        rc = apigw_claims_token(builder, &token);
        if (rc != APIGW_OK) {
            return rc;
        }
    }
}


static apigw_rc_t
apigw_claims_token(apigw_claims_builder_t *builder,
    const apigw_json_token_t *token)
{
    apigw_claim_node_t  *node;

    switch (token->kind) {

    case APIGW_JSON_KEY:
        return apigw_claims_string(builder, token, &builder->name);

    case APIGW_JSON_OBJECT_END:
    case APIGW_JSON_ARRAY_END:
        node = &builder->claims->nodes[builder->open[builder->depth]];
        node->text.len = token->raw.data + 1 - node->text.data;
        builder->depth--;
        return APIGW_OK;

    default:
        return apigw_claims_add(builder, token);
    }
}


static apigw_rc_t
apigw_claims_add(apigw_claims_builder_t *builder,
    const apigw_json_token_t *token)
{
    uint32_t             i, depth;
    apigw_claim_node_t  *node;

    /* both enums begin alike, but one counts "end of document" */

    static const apigw_claim_type_e  types[] = {
        [APIGW_JSON_NULL] = APIGW_CLAIM_NULL,
        [APIGW_JSON_FALSE] = APIGW_CLAIM_FALSE,
        [APIGW_JSON_TRUE] = APIGW_CLAIM_TRUE,
        [APIGW_JSON_NUMBER] = APIGW_CLAIM_NUMBER,
        [APIGW_JSON_STRING] = APIGW_CLAIM_STRING,
        [APIGW_JSON_OBJECT] = APIGW_CLAIM_OBJECT,
        [APIGW_JSON_ARRAY] = APIGW_CLAIM_ARRAY
    };

    if (builder->claims->nnodes == builder->max) {
        return APIGW_ELIMIT;
    }

    i = builder->claims->nnodes++;
    node = &builder->claims->nodes[i];
    depth = builder->depth;

    node->name = builder->name;
    node->text = token->raw;
    node->first = 0;
    node->next = 0;
    node->type = types[token->kind];

    builder->name.data = NULL;
    builder->name.len = 0;

    apigw_claims_link(builder, i);

    if (node->type == APIGW_CLAIM_STRING) {
        return apigw_claims_string(builder, token, &node->text);
    }

    if (node->type == APIGW_CLAIM_ARRAY || node->type == APIGW_CLAIM_OBJECT) {
        if (depth == APIGW_CLAIMS_DEPTH) {
            return APIGW_ELIMIT;
        }

        builder->depth++;
        builder->open[depth + 1] = i;
        builder->last[depth + 1] = 0;
    }

    return APIGW_OK;
}


/* Makes a node the last child of the container that is open. */

static void
apigw_claims_link(apigw_claims_builder_t *builder, uint32_t node)
{
    uint32_t             depth = builder->depth;
    apigw_claim_node_t  *nodes = builder->claims->nodes;

    if (node == 0) {
        return;                              /* the root */
    }

    if (builder->last[depth]) {
        nodes[builder->last[depth]].next = node;

    } else {
        nodes[builder->open[depth]].first = node;
    }

    builder->last[depth] = node;
}


/* A name or string without its quotes; copied only if it has an escape. */

static apigw_rc_t
apigw_claims_string(apigw_claims_builder_t *builder,
    const apigw_json_token_t *token, apigw_str_t *text)
{
    if (token->escaped) {
        return apigw_json_string_decode(builder->arena, token->raw, text);
    }

    text->data = token->raw.data + 1;
    text->len = token->raw.len - 2;

    return APIGW_OK;
}


apigw_rc_t
apigw_claims_copy(apigw_claims_t **out, apigw_arena_t *arena,
    const apigw_claims_t *claims)
{
    uint32_t             i;
    apigw_claims_t      *copy;
    apigw_claim_node_t  *node;

    copy = apigw_arena_alloc(arena, sizeof(apigw_claims_t));
    if (copy == NULL) {
        return APIGW_ENOMEM;
    }

    copy->cnf = claims->cnf;
    copy->nnodes = claims->nnodes;
    copy->json.len = claims->json.len;
    copy->json.data = apigw_arena_dup(arena, claims->json.data,
                                      claims->json.len);
    if (copy->json.data == NULL) {
        return APIGW_ENOMEM;
    }

    copy->nodes = apigw_arena_array(arena, claims->nnodes,
                                    sizeof(apigw_claim_node_t));
    if (copy->nodes == NULL) {
        return APIGW_ENOMEM;
    }

    for (i = 0; i < claims->nnodes; i++) {
        node = &copy->nodes[i];
        *node = claims->nodes[i];

        if (!apigw_claims_move(&node->name, arena, claims->json, copy->json)
            || !apigw_claims_move(&node->text, arena, claims->json, copy->json))
        {
            return APIGW_ENOMEM;
        }
    }

    *out = copy;

    return APIGW_OK;
}


/* A slice of the one text becomes one of the other; decoded ones are copied. */

static bool
apigw_claims_move(apigw_str_t *s, apigw_arena_t *arena, apigw_str_t from,
    apigw_str_t to)
{
    uintptr_t  at, start;

    at = (uintptr_t) s->data;
    start = (uintptr_t) from.data;

    if (s->data == NULL) {
        return true;
    }

    if (at >= start && at - start < from.len) {
        s->data = to.data + (at - start);
        return true;
    }

    s->data = apigw_arena_dup(arena, s->data, s->len);

    return s->data != NULL;
}


apigw_str_t
apigw_claims_json(const apigw_claims_t *claims)
{
    return claims->json;
}


static void
apigw_claims_value(const apigw_claims_t *claims, uint32_t node,
    apigw_claim_t *value)
{
    value->text = claims->nodes[node].text;
    value->type = claims->nodes[node].type;
    value->index = node;
}


static bool
apigw_claims_member(const apigw_claims_t *claims, uint32_t parent,
    apigw_str_t name, uint32_t *found)
{
    uint32_t                   i;
    const apigw_claim_node_t  *nodes = claims->nodes;

    if (nodes[parent].type != APIGW_CLAIM_OBJECT) {
        return false;
    }

    for (i = nodes[parent].first; i; i = nodes[i].next) {
        if (apigw_str_eq(nodes[i].name, name)) {
            *found = i;
            return true;
        }
    }

    return false;
}


static bool
apigw_claims_element(const apigw_claims_t *claims, uint32_t parent,
    uint32_t index, uint32_t *found)
{
    uint32_t                   i;
    const apigw_claim_node_t  *nodes = claims->nodes;

    if (nodes[parent].type != APIGW_CLAIM_ARRAY) {
        return false;
    }

    for (i = nodes[parent].first; i; i = nodes[i].next) {
        if (index-- == 0) {
            *found = i;
            return true;
        }
    }

    return false;
}


bool
apigw_claims_find(const apigw_claims_t *claims,
    const apigw_claim_path_t *path, apigw_claim_t *value)
{
    bool                       found;
    size_t                     i;
    uint32_t                   node;
    const apigw_claim_step_t  *step;

    node = 0;

    for (i = 0; i < path->nsteps; i++) {
        step = &path->steps[i];

        found = step->name.data
                ? apigw_claims_member(claims, node, step->name, &node)
                : apigw_claims_element(claims, node, step->index, &node);

        if (!found) {
            return false;
        }
    }

    apigw_claims_value(claims, node, value);

    return true;
}


bool
apigw_claims_get(const apigw_claims_t *claims, apigw_str_t name,
    apigw_claim_t *value)
{
    apigw_claim_step_t  step = { .name = name };
    apigw_claim_path_t  path = { .steps = &step, .nsteps = 1 };

    return apigw_claims_find(claims, &path, value);
}


bool
apigw_claims_has_cnf(const apigw_claims_t *claims)
{
    return claims->cnf;
}


bool
apigw_claims_first(const apigw_claims_t *claims, const apigw_claim_t *parent,
    apigw_claim_t *value)
{
    uint32_t  node;

    node = claims->nodes[parent->index].first;
    if (node == 0) {
        return false;
    }

    apigw_claims_value(claims, node, value);

    return true;
}


bool
apigw_claims_next(const apigw_claims_t *claims, apigw_claim_t *value)
{
    uint32_t  node;

    node = claims->nodes[value->index].next;
    if (node == 0) {
        return false;
    }

    apigw_claims_value(claims, node, value);

    return true;
}
