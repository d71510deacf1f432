/* callback: tells the device that its job is final, signed, over plain HTTP.
 *
 * The POST goes to the URL of the upload's Elements-Async-Callback-Url. With a
 * key its header Elements-Webhook-Signature is "sha256=" and the Base64 of the
 * HMAC-SHA256 over the body. */
#ifndef BENCH_CALLBACK_H
#define BENCH_CALLBACK_H

void callback_start(void);
void callback_stop(void);

#endif
