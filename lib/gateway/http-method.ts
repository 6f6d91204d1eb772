/** A method of HTTP, which is a token (RFC 9110 §9.1, §5.6.2), such as M-SEARCH. */
export const httpMethod = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}$/;
