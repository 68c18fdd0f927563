import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));
const built = fileURLToPath(new URL("../bihuan/kernel/web/static/web/dist/", import.meta.url));

/** One sprite of the icons named in icons.txt, so that a page loads an icon once and templates name it. */
function sprite(): Plugin {
  return {
    name: "sprite",
    generateBundle() {
      const names = readFileSync(`${here}icons.txt`, "utf8").split("\n").filter(Boolean);
      const symbols = names.map((name) => {
        const svg = readFileSync(`${here}node_modules/@tabler/icons/icons/outline/${name}.svg`, "utf8");
        const body = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>")).trim();
        return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${body}</symbol>`;
      });
      const source = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
      const hash = createHash("sha256").update(source).digest("hex").slice(0, 8);
      this.emitFile({ type: "asset", fileName: `assets/icons-${hash}.svg`, source });
    },
  };
}

/** Compressed beside every file: WhiteNoise sends them as they are. */
function compressed(): Plugin {
  return {
    name: "compressed",
    closeBundle() {
      for (const name of readdirSync(`${built}assets`)) {
        const content = readFileSync(`${built}assets/${name}`);
        writeFileSync(`${built}assets/${name}.gz`, gzipSync(content, { level: 9 }));
        writeFileSync(`${built}assets/${name}.br`, brotliCompressSync(content));
      }
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [sprite(), compressed()],
  build: {
    outDir: built,
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    cssMinify: "lightningcss",
    rollupOptions: { input: ["src/main.ts", "src/early.ts"] },
  },
});
