// AssemblyScript, not TypeScript: compiled by `gnd build`, which wants it under the name src/mapping.ts.
// Balances are kept as Aave's own mapping keeps them, half up by each event's index.
// Source of the rules: aave/protocol-subgraphs@975b22e, src/mapping/tokenization/tokenization-v3.ts, src/helpers/math.ts.
import { Address, BigInt, Bytes, dataSource } from '@graphprotocol/graph-ts'
import { EModeCategory, Pool, Reserve, User, UserReserve } from '../generated/schema'
import {
  BalanceTransfer,
  Burn,
  Mint,
  ReserveUsedAsCollateralDisabled,
  ReserveUsedAsCollateralEnabled,
  UserEModeSet,
} from '../generated/Market/Market'

const ZERO = BigInt.zero()
const RAY = BigInt.fromI32(10).pow(27)

function rayDiv(a: BigInt, b: BigInt): BigInt {
  return a.times(RAY).plus(b.div(BigInt.fromI32(2))).div(b)
}

function rayMul(a: BigInt, b: BigInt): BigInt {
  return a.times(b).plus(RAY.div(BigInt.fromI32(2))).div(RAY)
}

function userOf(account: Address): User {
  let user = User.load(account.toHexString())
  if (user !== null) return user
  user = new User(account.toHexString())
  user.save()
  return user
}

// written as at, the pool's 0x…, and of each token its 0x…, s or d for its side, and its asset's 0x…
function marketOf(): string {
  return dataSource.context().getString('market').slice(2)
}

function rowOf(account: Address, asset: string, pool: string): UserReserve {
  let id = account.toHexString() + asset + pool
  let row = UserReserve.load(id)
  if (row !== null) return row
  if (Reserve.load(asset + pool) === null) {
    let one = new Pool(pool)
    one.pool = Bytes.fromHexString(pool)
    one.save()
    let reserve = new Reserve(asset + pool)
    reserve.underlyingAsset = Bytes.fromHexString(asset)
    reserve.pool = pool
    reserve.save()
  }
  row = new UserReserve(id)
  row.pool = pool
  row.reserve = asset + pool
  row.user = userOf(account).id
  row.usageAsCollateralEnabledOnUser = false
  row.scaledATokenBalance = ZERO
  row.scaledVariableDebt = ZERO
  row.principalStableDebt = ZERO
  row.currentTotalDebt = ZERO
  row.stableBorrowRate = ZERO
  row.stableBorrowLastUpdateTimestamp = 0
  return row
}

function change(token: Address, account: Address, amount: BigInt, index: BigInt): void {
  let market = marketOf()
  let after = market.indexOf(token.toHexString(), 42) + 42
  let row = rowOf(account, market.substr(after + 1, 42), market.substr(0, 42))
  let scaled = rayDiv(amount, index)
  if (market.charAt(after) == 'd') {
    row.scaledVariableDebt = row.scaledVariableDebt.plus(scaled)
    row.currentTotalDebt = rayMul(row.scaledVariableDebt, index)
  } else row.scaledATokenBalance = row.scaledATokenBalance.plus(scaled)
  row.save()
}

export function handleMint(event: Mint): void {
  let amount = event.params.value.minus(event.params.balanceIncrease)
  change(event.address, event.params.onBehalfOf, amount, event.params.index)
}

export function handleBurn(event: Burn): void {
  let amount = event.params.value.plus(event.params.balanceIncrease)
  change(event.address, event.params.from, ZERO.minus(amount), event.params.index)
}

export function handleBalanceTransfer(event: BalanceTransfer): void {
  let amount = rayMul(event.params.value, event.params.index)
  change(event.address, event.params.from, ZERO.minus(amount), event.params.index)
  change(event.address, event.params.to, amount, event.params.index)
}

function flag(account: Address, asset: Address, on: boolean): void {
  let row = rowOf(account, asset.toHexString(), marketOf().substr(0, 42))
  row.usageAsCollateralEnabledOnUser = on
  row.save()
}

export function handleReserveUsedAsCollateralEnabled(event: ReserveUsedAsCollateralEnabled): void {
  flag(event.params.user, event.params.reserve, true)
}

export function handleReserveUsedAsCollateralDisabled(event: ReserveUsedAsCollateralDisabled): void {
  flag(event.params.user, event.params.reserve, false)
}

export function handleUserEModeSet(event: UserEModeSet): void {
  let category = BigInt.fromI32(event.params.categoryId).toString()
  if (category != '0') new EModeCategory(category).save()
  let user = userOf(event.params.user)
  user.eModeCategoryId = category
  user.save()
}
