/** Has Node load its own fetch, which it does when one of its names is first read. */
void globalThis.Response
