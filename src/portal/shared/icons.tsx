/** Small pictures of lines, in the colour of the words beside them. They say nothing that no word says. */
export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}

export type IconName = keyof typeof PATHS

const PATHS = {
  overview: 'M4 13h6V4H4zM14 20h6V4h-6zM4 20h6v-4H4z',
  apis: 'M4 7h16M4 12h16M4 17h10',
  reference: 'M5 4h11a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3zM5 17a3 3 0 0 1 3-3h11',
  keys: 'M14.5 9.5a4 4 0 1 1-1.2 2.8L5 20.5M8 17.5l2.5 2.5M5.5 20l2 2',
  usage: 'M4 20V10M10 20V4M16 20v-7M22 20H2',
  plan: 'M12 3l9 5-9 5-9-5zM3 13l9 5 9-5',
  invoices: 'M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6',
  members:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M17 11a3 3 0 1 0-1-5.8M18 14a5.5 5.5 0 0 1 3.5 6',
  audit: 'M8 4h8v4H8zM8 6H5v15h14V6h-3M9 13h6M9 17h4',
  settings:
    'M4 7h10M18 7h2M4 17h2M10 17h10M16 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM8 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.500 17.500L19 19M19 5l-1.500 1.500M6.500 17.500L5 19',
  moon: 'M20 14A8 8 0 1 1 10 4a6.500 6.500 0 0 0 10 10z',
  tenants: 'M4 21V5l8-2v18M12 9l8 2v10M2 21h20M8 9h0M8 13h0M8 17h0M16 15h0',
  revenue:
    'M12 3v18M16.5 7.500c-.8-1.500-2.500-2-4.500-2-2.500 0-4.500 1.200-4.500 3.200 0 4.600 9.500 2 9.500 6.600 0 2-2.200 3.200-5 3.200-2.200 0-4-.7-4.800-2.300',
  dunning: 'M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4',
  studio: 'M5 4v9M5 17v3M12 4v3M12 11v9M19 4v11M19 19v1M3 15h4M10 9h4M17 17h4',
  refused: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM6 6l12 12',
  health: 'M3 12h4l3-7 4 14 3-7h4',
  alert: 'M12 4l9 16H3zM12 10v4M12 17h0',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  external: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
} as const
