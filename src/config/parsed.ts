/** What reading a text gives: its value, or what is wrong with it, as the end of "`x` …". */
export type Parsed<Value> = { readonly value: Value } | { readonly problem: string }
