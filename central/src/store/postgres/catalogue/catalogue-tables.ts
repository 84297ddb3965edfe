/** Policies, channels and the one catalogue: a part of the first step of the schema. */
export const catalogueTables = `
  -- What central knows of a warehouse beyond its node.
  CREATE TABLE warehouse_settings (
    warehouse     TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    class         TEXT   NOT NULL CHECK (class IN ('distribution-centre', 'store')),
    -- Part of what may be promised that the node grants to central.
    share_percent BIGINT NOT NULL CHECK (share_percent BETWEEN 0 AND 100),
    -- Units of every SKU kept out of every offer.
    safety_stock  BIGINT NOT NULL CHECK (safety_stock >= 0),
    -- Lower ships first.
    priority      BIGINT NOT NULL
  );

  -- Where a SKU differs from its warehouse's policy; NULL = it does not in this.
  CREATE TABLE sku_policy (
    warehouse     TEXT   COLLATE "C" NOT NULL,
    sku           TEXT   COLLATE "C" NOT NULL,
    share_percent BIGINT CHECK (share_percent BETWEEN 0 AND 100),
    safety_stock  BIGINT CHECK (safety_stock >= 0),
    PRIMARY KEY (warehouse, sku)
  );

  -- A warehouse whose policy has become stricter, and whose positions have not all been looked at since.
  CREATE TABLE policy_recall (
    warehouse     TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    -- The loosest policy that the positions not looked at may have been granted under.
    share_percent BIGINT NOT NULL CHECK (share_percent BETWEEN 0 AND 100),
    safety_stock  BIGINT NOT NULL CHECK (safety_stock >= 0),
    -- Looked at up to this SKU; '' = none yet.
    after_sku     TEXT   COLLATE "C" NOT NULL
  );

  -- Places that sell.
  CREATE TABLE channel (
    channel TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    -- Promises the quota of every warehouse, also of those enrolled later; else of those in channel_warehouse.
    is_all  BOOLEAN NOT NULL,
    -- Units of each SKU kept unsold, unless the SKU has a buffer of its own.
    buffer  BIGINT  NOT NULL CHECK (buffer >= 0)
  );
  INSERT INTO channel (channel, is_all, buffer) VALUES ('default', true, 0);
  CREATE TABLE channel_warehouse (
    channel   TEXT COLLATE "C" NOT NULL,
    warehouse TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (channel, warehouse)
  );
  -- SKUs with a buffer of their own.
  CREATE TABLE channel_buffer (
    channel TEXT   COLLATE "C" NOT NULL,
    sku     TEXT   COLLATE "C" NOT NULL,
    buffer  BIGINT NOT NULL CHECK (buffer >= 0),
    PRIMARY KEY (channel, sku)
  );

  -- The one catalogue, its barcodes, and which items concern which warehouses.
  CREATE TABLE item (
    sku           TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    name          TEXT,
    -- Concerns every warehouse, also those enrolled later; else those in assortment.
    is_everywhere BOOLEAN NOT NULL
  );
  CREATE TABLE item_barcode (
    sku      TEXT   COLLATE "C" NOT NULL,
    -- Place in the item's list of barcodes, from 0.
    place    BIGINT NOT NULL,
    barcode  TEXT   COLLATE "C" NOT NULL,
    -- Base units that one scan means.
    multiple BIGINT NOT NULL CHECK (multiple > 0),
    PRIMARY KEY (sku, place)
  );
  CREATE INDEX item_by_barcode ON item_barcode (barcode);
  CREATE TABLE assortment (
    sku       TEXT COLLATE "C" NOT NULL,
    warehouse TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (sku, warehouse)
  );
`;
