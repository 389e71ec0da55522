import type { Rational } from '../model/rational.ts'

/** A price as it is calculated with: every number exact. `readPrice` makes it of what stands in a plan. */
export type Price = PriceModel & PriceTerms

/** What holds for every model, in this order: included, the model, discount, maximum, minimum. */
export interface PriceTerms {
  /** The part of the quantity that costs nothing. */
  readonly included: Rational
  /** What is taken off, as a part of the amount: 0.15 for 15 %. */
  readonly discount: Rational
  /** What the period costs at most; null = no end. */
  readonly maximum: Rational | null
  /** What the period costs at least; 0 = nothing. */
  readonly minimum: Rational
}

export type PriceModel =
  | PerUnitPrice
  | PackagePrice
  | GraduatedPrice
  | VolumePrice
  | StairstepPrice
  | FlatPrice
  | PercentagePrice
  | GraduatedPercentagePrice

export interface PerUnitPrice {
  readonly model: 'per_unit'
  readonly unit: Rational
}

export interface PackagePrice {
  readonly model: 'package'
  /** Units in a package, above 0. */
  readonly size: Rational
  /** Price of a package. */
  readonly amount: Rational
  /** `up`: a package begun counts; `down`: only full ones do. */
  readonly rounding: 'up' | 'down'
}

/** `tiered` is another name for it. */
export interface GraduatedPrice {
  readonly model: 'graduated'
  readonly tiers: readonly UnitTier[]
}

export interface VolumePrice {
  readonly model: 'volume'
  readonly tiers: readonly UnitTier[]
}

export interface StairstepPrice {
  readonly model: 'stairstep'
  readonly tiers: readonly BandTier[]
}

export interface FlatPrice {
  readonly model: 'flat'
  readonly amount: Rational
}

/** Of each event: a part of its amount and a fixed amount, with a least and a most. */
export interface PercentagePrice {
  readonly model: 'percentage'
  /** As a part: 0.013 for 1.3 %. */
  readonly rate: Rational
  readonly fixed: Rational
  /** How many events are free; null = no such number. Whichever of the two ends first ends both. */
  readonly freeEvents: number | null
  /** How much of their amounts is free; null = no such amount. */
  readonly freeAmount: Rational | null
  /** What an event costs at least and at most. */
  readonly min: Rational | null
  readonly max: Rational | null
}

export interface GraduatedPercentagePrice {
  readonly model: 'graduated_percentage'
  readonly tiers: readonly RateTier[]
}

/** Reaches up to and with `upTo`, from where the one before ends; null = no end. The first holds 0 as well. */
export interface Tier {
  readonly upTo: Rational | null
  /** Charged once when the tier is reached. */
  readonly flat: Rational
}

export interface UnitTier extends Tier {
  readonly unit: Rational
}

export interface RateTier extends Tier {
  /** As a part: 0.01 for 1 %. */
  readonly rate: Rational
}

/** `flat` is the price of the whole band. */
export type BandTier = Tier
