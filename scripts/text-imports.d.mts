import type { Plugin } from "esbuild";
import type { Plugin as VitePlugin } from "vite";

export function browserScript(path: string): Promise<string>;
export const textImports: Plugin;
export const textImportsOfVite: VitePlugin;
