/**
 * The libraries for proxies, which are loaded only when there is one. A file of its own, as only a static import gives the
 * names of such a package in the bundle as in Node.
 */
export { HttpProxyAgent } from 'http-proxy-agent';
export { HttpsProxyAgent } from 'https-proxy-agent';
