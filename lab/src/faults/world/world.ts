import { join } from 'node:path';
import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import type { PostgresServerOptions } from '@edgestock/shared/testing/postgres-server';
import { CentralApi } from '../../api/central-api.ts';
import { EdgeApi } from '../../api/edge-api.ts';
import { requestJson } from '../../api/json-request.ts';
import { portFor } from '../../system/ports.ts';
import { runCommandUnder, startCommandUnder, until } from '../../testing/running-command.ts';
import { type Lab, PromiseBroken } from '../fault-case.ts';
import { History, type Operation } from '../traffic/history.ts';
import { findingsAtNode, findingsAtShop } from '../traffic/judge.ts';
import { SHOP_SKUS, Traffic } from '../traffic/traffic.ts';
import type { CabledHost } from './cabled-host.ts';
import { type LabBroker, startLabBroker } from './lab-broker.ts';
import { LabDatabase } from './lab-database.ts';
import { type LabNode, PLAINLY, startLabNode, type Under } from './lab-node.ts';
import { Victim } from './victim.ts';

export type WorldOptions = {
  readonly warehouses?: readonly string[];
  /** What the nodes run under; asked again at each start. */
  readonly nodeUnder?: () => Under;
  /** Where the nodes have their folders; in the folder of the case unless told otherwise. */
  readonly nodesBelow?: string;
  /** A machine of their own for the nodes, as far as their network is concerned. */
  readonly host?: CabledHost;
  readonly centralUnder?: Under;
  /** Where central has its folder; in the folder of the case unless told otherwise. */
  readonly centralBelow?: string;
  /** Where central's database server is to run, if it has one. */
  readonly databaseMovedTo?: PostgresServerOptions['movedTo'];
  readonly brokerUnder?: Under;
  readonly brokerStore?: string;
  /** Tills reach their node through its `door`. */
  readonly throughDoor?: boolean;
};

/** Units of each article that storefronts want; a part of them is central's to promise. */
const SHOP_UNITS = 60;
/** A node looks for its broker every 1 to 10 s, central heals one that does not deliver within 75 s, and the machine may be busy. */
const SETTLED_WITHIN_MS = 120_000;
const PAUSE_MS = 10;
const PATIENCE_MS = 30_000;
/** Operations that must succeed after a fault: it is over for everybody. */
const SERVED_AGAIN = 8;
/** Lines of a log that are told with what did not arrive. */
const WORDS = 4;

/** Starts a world, does the harm of a case in it, and ends it however that ended. */
export async function inWorld(
  lab: Lab,
  options: WorldOptions,
  harm: (world: World) => Promise<string>,
): Promise<string> {
  const world = await World.start(lab, options);
  try {
    return await harm(world);
  } finally {
    await world.stop();
  }
}

/** Broker, central and nodes as processes of their own, with traffic on them and its history. */
export class World {
  readonly history = new History();
  readonly broker: LabBroker;
  readonly centralUrl: string;
  readonly #lab: Lab;
  readonly #options: WorldOptions;
  readonly #nodes: LabNode[] = [];
  #central: Victim | undefined;
  #database: LabDatabase | undefined;
  #traffic: Traffic | undefined;

  private constructor(lab: Lab, options: WorldOptions, broker: LabBroker, centralPort: number) {
    this.#lab = lab;
    this.#options = options;
    this.broker = broker;
    this.centralUrl = `http://127.0.0.1:${centralPort}`;
  }

  /** Resolves when everything runs, central has its first quota, and traffic flows. */
  static async start(lab: Lab, options: WorldOptions): Promise<World> {
    const { brokerUnder, brokerStore } = options;
    const broker = await startLabBroker({
      natsServer: lab.natsServer,
      directory: join(lab.directory, 'broker'),
      ...(brokerUnder === undefined ? {} : { under: brokerUnder }),
      ...(brokerStore === undefined ? {} : { storeDirectory: brokerStore }),
      isFoundEverywhere: options.host !== undefined,
    });
    const centralPort = await portFor(0, '--central-port');
    const world = new World(lab, options, broker, centralPort);
    try {
      await world.#startAll(centralPort);
      await world.#stockTheShop();
      world.#traffic = world.#newTraffic();
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  get central(): Victim {
    return must(this.#central, 'central has been started');
  }

  /** Where central keeps its data on a server. */
  get database(): LabDatabase {
    return must(this.#database, 'central of this world has a database server');
  }

  get nodes(): readonly LabNode[] {
    return this.#nodes;
  }

  /** The only node, or the first. */
  get node(): LabNode {
    return must(this.#nodes[0], 'a world has a node');
  }

  get traffic(): Traffic {
    return must(this.#traffic, 'traffic flows');
  }

  /**
   * After the fault: somebody is served again, traffic ends, everything arrives, and all accounts agree. Throws `PromiseBroken`;
   * resolves with what was seen. `isVerified` stops the nodes and proves their books, too.
   */
  async judged(options: { readonly isVerified?: boolean } = {}): Promise<string> {
    const { history } = this;
    const okBefore = history.count('ok');
    await until(() => history.count('ok') > okBefore + SERVED_AGAIN, PATIENCE_MS, 'somebody is served again');
    await this.traffic.stop();
    return this.judgedAtRest(options);
  }

  /** The same where traffic has ended. */
  async judgedAtRest({ isVerified = false }: { readonly isVerified?: boolean } = {}): Promise<string> {
    const { history, centralUrl } = this;
    const endedAt = systemClock.monotonicMs();
    // What did not arrive is found, and the logs are looked at all the same: they say more.
    const unsettled = await this.#settled().then(
      () => [],
      (error: unknown) => [error instanceof Error ? error.message : String(error), ...this.#lastWords()],
    );
    const seconds = ((systemClock.monotonicMs() - endedAt) / 1_000).toFixed(1);
    const findings = [...unsettled, ...(await findingsAtShop(history, centralUrl))];
    for (const { warehouse, url } of this.#nodes) {
      findings.push(...(await findingsAtNode(history, { warehouse, url, centralUrl })));
    }
    if (isVerified) findings.push(...(await this.#verified()));
    if (findings.length > 0) throw new PromiseBroken(findings);
    const [ok, unknown, refused] = (['ok', 'unknown', 'refused'] as const).map((ending) => history.count(ending));
    return `${ok} replied, ${unknown} unknown, ${refused} refused; central has all of it ${seconds} s later`;
  }

  async stop(): Promise<void> {
    await this.#traffic?.stop();
    await Promise.all(this.#nodes.map(({ victim }) => victim.kill()));
    await this.#central?.kill();
    await Promise.all(this.#nodes.flatMap(({ link, door }) => [link.stop(), door.stop()]));
    await this.broker.victim.kill();
    await this.#database?.stop();
  }

  /** All of them have started or failed before anything may be stopped. */
  async #startAll(centralPort: number): Promise<void> {
    const { host } = this.#options;
    const { nodesBelow = join(this.#lab.directory, 'nodes'), nodeUnder = () => host?.under ?? PLAINLY } = this.#options;
    const nats = `nats://127.0.0.1:${this.broker.port}`;
    const { centralUnder = PLAINLY, centralBelow = this.#lab.directory } = this.#options;
    const movedTo = this.#options.databaseMovedTo;
    if (this.#lab.store === 'postgres')
      this.#database = await LabDatabase.start(movedTo === undefined ? {} : { movedTo });
    const where = ['--data-dir', join(centralBelow, 'central'), '--port', String(centralPort)];
    const store = ['--store', this.#database?.store ?? 'sqlite'];
    const central = Victim.start(() =>
      startCommandUnder(centralUnder, 'central', ...where, ...store, '--nats', nats, '--json'),
    );
    const started = await Promise.allSettled([
      central.then((victim) => {
        this.#central = victim;
      }),
      ...(this.#options.warehouses ?? ['BER1']).map(async (warehouse) => {
        const place = { warehouse, parent: nodesBelow, brokerPort: this.broker.port, host };
        this.#nodes.push(await startLabNode({ ...place, under: nodeUnder }));
      }),
    ]);
    for (const result of started) if (result.status === 'rejected') throw result.reason;
  }

  #newTraffic(): Traffic {
    const { throughDoor = false } = this.#options;
    const nodes = this.#nodes.map(
      ({ warehouse, url, door }) => [warehouse, throughDoor ? `http://127.0.0.1:${door.port}` : url] as const,
    );
    const { history, centralUrl } = this;
    return new Traffic({ history, nodes: new Map(nodes), centralUrl, pauseMs: PAUSE_MS });
  }

  /** Goods arrive at the first node, and the history knows of them. */
  async receive(id: string, lines: readonly { readonly sku: string; readonly quantity: number }[]): Promise<void> {
    const { warehouse, url } = this.node;
    const changes = lines.map(({ sku, quantity }) => ({ sku, units: quantity }));
    const operation: Operation = { id, door: 'node', warehouse, changes };
    this.history.invoke(operation, systemClock.monotonicMs());
    const { status } = await requestJson(`${url}/v1/movements`, {
      body: { kind: 'receive', document: id, lines },
      key: id,
    });
    if (status !== 201) throw new Error(`the node did not take ${id}: ${status}`);
    this.history.end(operation, 'ok', systemClock.monotonicMs());
  }

  /** The first node gets what storefronts will want, and grants a part of it to central. */
  async #stockTheShop(): Promise<void> {
    await this.receive(
      'opening',
      SHOP_SKUS.map((sku) => ({ sku, quantity: SHOP_UNITS })),
    );
    const central = new CentralApi(this.centralUrl);
    const isGranted = async () => (await central.availability(SHOP_SKUS[0] ?? '')).available > 0;
    await until(isGranted, SETTLED_WITHIN_MS, 'central may promise something');
  }

  /** Until central has applied everything that is in the logs now. */
  async #settled(): Promise<void> {
    const central = new CentralApi(this.centralUrl);
    for (const { warehouse, url } of this.#nodes) {
      const { sequence } = await new EdgeApi(url, { patienceMs: PATIENCE_MS }).status();
      const isThere = async () => ((await central.appliedByWarehouse()).get(warehouse) ?? 0) >= sequence;
      await until(isThere, SETTLED_WITHIN_MS, `central has applied ${warehouse} up to ${sequence}`);
    }
  }

  /** What central and the nodes have logged last, to say why something does not arrive. */
  #lastWords(): readonly string[] {
    const victims = [
      ['central', this.central] as const,
      ...this.#nodes.map((node) => [node.warehouse, node.victim] as const),
    ];
    return victims.map(([name, { said }]) => `${name} says: ${said.slice(-WORDS).join(' ') || 'nothing'}`);
  }

  /** Stops the nodes in order and proves their books. */
  async #verified(): Promise<readonly string[]> {
    const findings: string[] = [];
    const { nodeUnder = () => PLAINLY } = this.#options;
    for (const { warehouse, victim, directory } of this.#nodes) {
      const code = await victim.stop();
      if (code !== 0) findings.push(`${warehouse} did not stop in order: ${code}`);
      const { code: verdict, stdout, stderr } = await runCommandUnder(nodeUnder(), 'verify', '--data-dir', directory);
      if (verdict !== 0)
        findings.push(`verify of ${warehouse} ended with ${verdict}: ${`${stdout} ${stderr}`.slice(0, 200)}`);
    }
    return findings;
  }
}
