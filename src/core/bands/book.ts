/** One position with the price at which it becomes liquidatable. */
export type BookEntry = {
  readonly source: string
  readonly id: string
  readonly owner: string
  /** The labelled or linked group its owner belongs to. */
  readonly entity: string | null
  /** The liquidation price, USD of the driver. */
  readonly price: number
  readonly collateralUsd: number
  readonly debtUsd: number
  readonly driverAmount: number
}

/** Who holds an entry: its entity where one is known, else its owner. */
export const holderOf = (entry: BookEntry): string => entry.entity ?? entry.owner
