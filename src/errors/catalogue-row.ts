/** A problem gatez can report. */
export interface CatalogueRow {
  readonly status: number
  readonly exit: number
  readonly title: string
  readonly fix: string
}
