/** Words in the page's language, put there by `web/words.html`. */
export function word(name: string, values: Record<string, string | number> = {}): string {
  const template = document.getElementById("words")?.dataset[name] ?? "";
  return template.replace(/\{(\w+)\}/g, (_, key: string) => String(values[key] ?? ""));
}
