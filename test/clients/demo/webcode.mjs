// The web client's own code for what it sends: the demonstration writes with it, so that both say the same.
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const web = path.resolve(import.meta.dirname, "../../../web");
const out = path.resolve(import.meta.dirname, "../node_modules/.demo"); // from here the SDK is the one that these clients run on

/** Compiles modules of web/src and gives what they export, by file name. */
export async function webCode(...files) {
  const { build } = await import(pathToFileURL(createRequire(path.join(web, "package.json")).resolve("vite")).href);
  const input = Object.fromEntries(files.map((file) => [path.basename(file, ".ts"), path.join(web, "src", file)]));
  await build({
    configFile: false,
    root: web,
    logLevel: "error",
    resolve: { alias: { "matrix-js-sdk/lib/crypto-api": "matrix-js-sdk/lib/crypto-api/index.js" } },
    build: { ssr: true, outDir: out, emptyOutDir: true, rollupOptions: { input, output: { entryFileNames: "[name].mjs" } } },
  });
  const modules = await Promise.all(Object.keys(input).map((name) => import(pathToFileURL(path.join(out, `${name}.mjs`)).href)));
  return Object.assign({}, ...modules);
}
