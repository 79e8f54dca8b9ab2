// AssemblyScript, not TypeScript: compiled by `gnd build`, which wants it under the name src/mapping.ts.
import { Address, Bytes, dataSource } from '@graphprotocol/graph-ts'
import { Pool, Reserve, User, UserReserve } from '../generated/schema'
import { Burn, Debt, Mint } from '../generated/Debt0/Debt'

function update(token: Address, account: Address): void {
  let context = dataSource.context()
  // written as at0x…
  let pool = new Pool(context.getString('pool').slice(2))
  pool.pool = Bytes.fromHexString(pool.id)
  pool.save()
  let asset = context.getString('asset').slice(2)
  let reserve = new Reserve(asset + pool.id)
  reserve.underlyingAsset = Bytes.fromHexString(asset)
  reserve.pool = pool.id
  reserve.save()
  let user = new User(account.toHexString())
  user.save()
  let row = new UserReserve(user.id + asset + pool.id)
  row.pool = pool.id
  row.reserve = reserve.id
  row.user = user.id
  row.scaledVariableDebt = Debt.bind(token).scaledBalanceOf(account)
  row.currentTotalDebt = row.scaledVariableDebt
  row.save()
}

export function handleMint(event: Mint): void {
  update(event.address, event.params.onBehalfOf)
}

export function handleBurn(event: Burn): void {
  update(event.address, event.params.from)
}
