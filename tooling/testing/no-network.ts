/** Unit tests reach nobody: an accidental call fails at once, with its address. */
globalThis.fetch = (input) => {
  const url = input instanceof Request ? input.url : String(input);
  return Promise.reject(new Error(`A unit test called ${url}; pass a fetch of the test's own.`));
};
