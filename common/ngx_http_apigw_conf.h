
/* Setters of directives that nginx has not, or that do not tell the mend. */


#ifndef _NGX_HTTP_APIGW_CONF_H_INCLUDED_
#define _NGX_HTTP_APIGW_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


#pragma GCC visibility push(hidden)


/*
 * As ngx_conf_set_enum_slot(): one word of the ngx_conf_enum_t at cmd->post,
 * its value to the ngx_uint_t at cmd->offset. What is refused is told with all
 * words that may be written.
 */
char *ngx_http_apigw_conf_set_word(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_CONF_H_INCLUDED_ */
