// The projection by njs in js_body_filter. A request has its own machine, so
// this variable is the request's.

let text = '';


function project(json) {
    const document = JSON.parse(json);

    return JSON.stringify({
        items: document.items.map(item => ({ id: item.id, price: item.price }))
    });
}


function header_filter(r) {
    delete r.headersOut['Content-Length'];
}


function body_filter(r, data, flags) {
    text += data;

    if (flags.last) {
        r.sendBuffer(project(text), flags);
        r.done();
    }
}


export default { header_filter, body_filter };
