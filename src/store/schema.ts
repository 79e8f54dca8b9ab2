/**
 * The schema, as numbered migrations: entry n brings a database from user_version n to n+1.
 * Exact integers are decimal TEXT; USD and prices are REAL; times are ISO-8601 UTC; only finished scans are ever stored.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE scan (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('scan', 'import')),
  started_at TEXT NOT NULL,
  finished_at TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('complete', 'partial')),
  version TEXT NOT NULL
) STRICT;

CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  protocol TEXT NOT NULL,
  chain TEXT NOT NULL,
  deployment TEXT NOT NULL,
  -- up to where every account's changes are known; the next scan reads what was touched since
  cursor_block INTEGER,
  cursor_hash TEXT
) STRICT;

CREATE TABLE block (
  scan_id INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
  chain TEXT NOT NULL,
  chain_id INTEGER NOT NULL,
  number INTEGER,
  hash TEXT,
  timestamp TEXT,
  PRIMARY KEY (scan_id, chain)
) STRICT;

CREATE TABLE coverage (
  scan_id INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
  source_id INTEGER NOT NULL REFERENCES source (id),
  status TEXT NOT NULL CHECK (status IN ('complete', 'partial', 'stale', 'failed')),
  accounts INTEGER NOT NULL,
  positions INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  debt_usd REAL NOT NULL,
  protocol_debt_usd REAL,
  debt_covered REAL,
  requests INTEGER NOT NULL,
  seconds REAL NOT NULL,
  error TEXT,
  notes TEXT NOT NULL CHECK (json_valid(notes)),
  PRIMARY KEY (scan_id, source_id)
) STRICT;

-- the completeness check, token by token, in the protocol's own units
CREATE TABLE debt_total (
  scan_id INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
  source_id INTEGER NOT NULL REFERENCES source (id),
  asset TEXT NOT NULL,
  symbol TEXT NOT NULL,
  accounts_raw TEXT NOT NULL,
  protocol_raw TEXT NOT NULL,
  PRIMARY KEY (scan_id, source_id, asset)
) STRICT;

-- everything accounts share at the pinned block: with account_state, enough to recompute the scan
CREATE TABLE market_state (
  scan_id INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
  source_id INTEGER NOT NULL REFERENCES source (id),
  block INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (json_valid(state)),
  PRIMARY KEY (scan_id, source_id)
) STRICT;

CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES source (id),
  key TEXT NOT NULL,
  UNIQUE (source_id, key)
) STRICT;

-- stored state as changes: valid in [from_block, to_block), open where to_block is null
CREATE TABLE account_state (
  account_id INTEGER NOT NULL REFERENCES account (id),
  from_block INTEGER NOT NULL,
  to_block INTEGER,
  state TEXT NOT NULL CHECK (json_valid(state)),
  PRIMARY KEY (account_id, from_block)
) STRICT;

CREATE TABLE driver (
  scan_id INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
  source_id INTEGER NOT NULL REFERENCES source (id),
  symbol TEXT NOT NULL,
  spot_usd REAL NOT NULL,
  spot_raw TEXT NOT NULL,
  decimals INTEGER NOT NULL,
  -- how every asset's price follows it, and how that was found
  responses TEXT NOT NULL CHECK (json_valid(responses)),
  PRIMARY KEY (scan_id, source_id, symbol)
) STRICT;

-- one row a position and driver; rows of older scans are dropped and recomputed when asked for
CREATE TABLE position (
  scan_id INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES account (id),
  driver TEXT NOT NULL,
  owner TEXT,
  outcome TEXT NOT NULL
    CHECK (outcome IN ('below', 'above', 'range', 'already', 'never', 'insolvent', 'unpriced')),
  price_usd REAL,
  price_raw TEXT,
  low_usd REAL,
  high_usd REAL,
  health_factor REAL,
  collateral_usd REAL NOT NULL,
  debt_usd REAL NOT NULL,
  driver_amount REAL NOT NULL,
  reason TEXT,
  PRIMARY KEY (scan_id, driver, account_id)
) STRICT;
CREATE INDEX position_price ON position (scan_id, driver, price_usd);

CREATE TABLE position_legs (
  scan_id INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES account (id),
  collateral TEXT NOT NULL CHECK (json_valid(collateral)),
  debt TEXT NOT NULL CHECK (json_valid(debt)),
  PRIMARY KEY (scan_id, account_id)
) STRICT;

CREATE TABLE band (
  scan_id INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
  driver TEXT NOT NULL,
  rank INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('crowd', 'concentrated', 'entity')),
  side TEXT NOT NULL CHECK (side IN ('below', 'above')),
  low_usd REAL NOT NULL,
  high_usd REAL NOT NULL,
  distance_pct REAL NOT NULL,
  collateral_usd REAL NOT NULL,
  driver_amount REAL NOT NULL,
  debt_usd REAL NOT NULL,
  share REAL NOT NULL,
  in_range_usd REAL NOT NULL,
  density_ratio REAL NOT NULL,
  confidence REAL NOT NULL,
  positions INTEGER NOT NULL,
  owners INTEGER NOT NULL,
  entities INTEGER NOT NULL,
  effective_holders REAL NOT NULL,
  top1_share REAL NOT NULL,
  single_entity TEXT,
  -- the whole row of the report
  band TEXT NOT NULL CHECK (json_valid(band)),
  PRIMARY KEY (scan_id, driver, rank)
) STRICT;

CREATE TABLE entity (
  owner TEXT PRIMARY KEY,
  name TEXT NOT NULL
) STRICT;

CREATE VIEW latest_scan AS
  SELECT * FROM scan ORDER BY kind = 'scan' DESC, id DESC LIMIT 1;

CREATE VIEW latest_position AS
  SELECT p.scan_id, s.key AS source, a.key AS id, p.owner, e.name AS entity, p.driver, p.outcome,
    p.price_usd, p.price_raw, p.low_usd, p.high_usd, p.health_factor, p.collateral_usd, p.debt_usd,
    p.driver_amount, l.collateral, l.debt, p.reason
  FROM position p
  JOIN latest_scan ON latest_scan.id = p.scan_id
  JOIN account a ON a.id = p.account_id
  JOIN source s ON s.id = a.source_id
  JOIN position_legs l ON l.scan_id = p.scan_id AND l.account_id = p.account_id
  LEFT JOIN entity e ON e.owner = p.owner;

CREATE VIEW latest_band AS
  SELECT band.* FROM band JOIN latest_scan ON latest_scan.id = band.scan_id;

CREATE VIEW band_history AS
  SELECT scan.finished_at, b.number AS block, band.*
  FROM band
  JOIN scan ON scan.id = band.scan_id
  LEFT JOIN block b ON b.scan_id = scan.id AND b.chain = (SELECT min(chain) FROM block WHERE scan_id = scan.id);

CREATE VIEW coverage_history AS
  SELECT scan.id AS scan_id, scan.kind, scan.finished_at, s.key AS source, b.number AS block, c.status, c.accounts,
    c.positions, c.unpriced, c.debt_usd, c.protocol_debt_usd, c.debt_covered, c.requests, c.seconds, c.error
  FROM coverage c
  JOIN scan ON scan.id = c.scan_id
  JOIN source s ON s.id = c.source_id
  LEFT JOIN block b ON b.scan_id = scan.id AND b.chain = s.chain;

CREATE VIEW whale AS
  SELECT p.driver, p.outcome AS side, p.owner, e.name AS entity, count(*) AS positions,
    sum(p.collateral_usd) AS collateral_usd, sum(p.debt_usd) AS debt_usd,
    sum(p.price_usd * p.collateral_usd) / sum(p.collateral_usd) AS price_usd,
    sum(p.collateral_usd) / side.collateral_usd AS share
  FROM position p
  JOIN latest_scan ON latest_scan.id = p.scan_id
  JOIN (
    SELECT scan_id, driver, outcome, sum(collateral_usd) AS collateral_usd
    FROM position GROUP BY scan_id, driver, outcome
  ) side ON side.scan_id = p.scan_id AND side.driver = p.driver AND side.outcome = p.outcome
  LEFT JOIN entity e ON e.owner = p.owner
  WHERE p.outcome IN ('below', 'above') AND p.owner IS NOT NULL
  GROUP BY p.driver, p.outcome, p.owner
  HAVING sum(p.collateral_usd) >= 0.01 * side.collateral_usd;
`,
  `
-- up to where links were read; link_complete: up to where all of them were, and what the addresses in them are
ALTER TABLE source ADD COLUMN link_block INTEGER;
ALTER TABLE source ADD COLUMN link_hash TEXT;
ALTER TABLE source ADD COLUMN link_complete INTEGER;

-- what a log shows of two addresses: from_owner acted for to_owner; of days alone that matter, the first ones
CREATE TABLE link (
  source_id INTEGER NOT NULL REFERENCES source (id),
  kind TEXT NOT NULL,
  from_owner TEXT NOT NULL,
  to_owner TEXT NOT NULL,
  block INTEGER NOT NULL,
  tx TEXT NOT NULL,
  day TEXT,
  PRIMARY KEY (source_id, kind, from_owner, to_owner, block)
) STRICT, WITHOUT ROWID;

-- what an address answered when it was asked what it is; owners is empty where it names none
CREATE TABLE contract_owner (
  chain TEXT NOT NULL,
  address TEXT NOT NULL,
  nature TEXT CHECK (nature IN ('account', 'safe', 'contract')),
  owners TEXT NOT NULL CHECK (json_valid(owners)),
  threshold INTEGER,
  block INTEGER NOT NULL,
  PRIMARY KEY (chain, address)
) STRICT;

-- the linked entities of a scan, and why: what its report shows, whatever is found later
CREATE TABLE linked_owner (
  scan_id INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  entity TEXT NOT NULL,
  PRIMARY KEY (scan_id, owner)
) STRICT;

CREATE TABLE linked_pair (
  scan_id INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
  owner_a TEXT NOT NULL,
  owner_b TEXT NOT NULL,
  entity TEXT NOT NULL,
  strength REAL NOT NULL,
  evidence TEXT NOT NULL CHECK (json_valid(evidence)),
  PRIMARY KEY (scan_id, owner_a, owner_b)
) STRICT;

DROP VIEW latest_position;
CREATE VIEW latest_position AS
  SELECT p.scan_id, s.key AS source, a.key AS id, p.owner, coalesce(e.name, linked.entity) AS entity, p.driver,
    p.outcome, p.price_usd, p.price_raw, p.low_usd, p.high_usd, p.health_factor, p.collateral_usd, p.debt_usd,
    p.driver_amount, l.collateral, l.debt, p.reason
  FROM position p
  JOIN latest_scan ON latest_scan.id = p.scan_id
  JOIN account a ON a.id = p.account_id
  JOIN source s ON s.id = a.source_id
  JOIN position_legs l ON l.scan_id = p.scan_id AND l.account_id = p.account_id
  LEFT JOIN entity e ON e.owner = p.owner
  LEFT JOIN linked_owner linked ON linked.scan_id = p.scan_id AND linked.owner = p.owner;

DROP VIEW whale;
CREATE VIEW whale AS
  SELECT p.driver, p.outcome AS side, p.owner, coalesce(e.name, linked.entity) AS entity, count(*) AS positions,
    sum(p.collateral_usd) AS collateral_usd, sum(p.debt_usd) AS debt_usd,
    sum(p.price_usd * p.collateral_usd) / sum(p.collateral_usd) AS price_usd,
    sum(p.collateral_usd) / side.collateral_usd AS share
  FROM position p
  JOIN latest_scan ON latest_scan.id = p.scan_id
  JOIN (
    SELECT scan_id, driver, outcome, sum(collateral_usd) AS collateral_usd
    FROM position GROUP BY scan_id, driver, outcome
  ) side ON side.scan_id = p.scan_id AND side.driver = p.driver AND side.outcome = p.outcome
  LEFT JOIN entity e ON e.owner = p.owner
  LEFT JOIN linked_owner linked ON linked.scan_id = p.scan_id AND linked.owner = p.owner
  WHERE p.outcome IN ('below', 'above') AND p.owner IS NOT NULL
  GROUP BY p.driver, p.outcome, p.owner
  HAVING sum(p.collateral_usd) >= 0.01 * side.collateral_usd;
`,
]
