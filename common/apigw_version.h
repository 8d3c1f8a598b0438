
/* The version of the whole suite; CHANGES opens with the same one. */


#ifndef _APIGW_VERSION_H_INCLUDED_
#define _APIGW_VERSION_H_INCLUDED_


#pragma GCC visibility push(hidden)


#define APIGW_VERSION  "0.1.0"


#pragma GCC visibility pop


#endif /* _APIGW_VERSION_H_INCLUDED_ */
