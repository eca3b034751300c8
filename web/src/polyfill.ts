// What matrix-js-sdk uses and our oldest browsers lack (Chromium 119, Safari 17.4 and Firefox 121 have it).
if (!('withResolvers' in Promise)) {
  Object.defineProperty(Promise, 'withResolvers', {
    value: () => {
      let resolve: unknown;
      let reject: unknown;
      const promise = new Promise((yes, no) => {
        resolve = yes;
        reject = no;
      });
      return { promise, resolve, reject };
    },
  });
}
