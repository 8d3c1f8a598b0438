
#ifndef APIGW_VERSION_H_INCLUDED
#define APIGW_VERSION_H_INCLUDED

#pragma GCC visibility push(hidden)


/* The version of the whole suite; CHANGES opens with the same one. */

#define APIGW_VERSION  "0.1.0"


#pragma GCC visibility pop

#endif /* APIGW_VERSION_H_INCLUDED */
