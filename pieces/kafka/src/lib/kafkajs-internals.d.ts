/**
 * The parts of kafkajs 2.2.4 that it does not export: reading partitions by offset and committing offsets
 * without joining a consumer group. The version is pinned; the tests run them against a real broker.
 */
declare module 'kafkajs/src/cluster' {
  import type { ISocketFactory, KafkaConfig, KafkaMessage, Logger } from 'kafkajs';

  class Cluster {
    constructor(
      options: Omit<KafkaConfig, 'logLevel' | 'logCreator'> & {
        logger: Logger;
        socketFactory: ISocketFactory;
        metadataMaxAge: number;
        allowAutoTopicCreation: boolean;
        isolationLevel: number;
      },
    );
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    isConnected(): boolean;
    refreshMetadata(): Promise<void>;
    refreshMetadataIfNecessary(): Promise<void>;
    addMultipleTargetTopics(topics: string[]): Promise<void>;
    findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[];
    findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
    findBroker(options: { nodeId: string }): Promise<Cluster.InternalBroker>;
    findGroupCoordinator(options: { groupId: string }): Promise<Cluster.InternalBroker>;
    fetchTopicsOffset(
      topics: {
        topic: string;
        partitions: Cluster.PartitionRequest[];
        fromBeginning?: boolean;
        fromTimestamp?: number;
      }[],
    ): Promise<{ topic: string; partitions: (Cluster.PartitionRequest & { offset: string })[] }[]>;
  }
  namespace Cluster {
    interface PartitionRequest {
      partition: number;
    }

    interface FetchedPartitionData {
      partition: number;
      highWatermark: string;
      abortedTransactions: { producerId: string; firstOffset: string }[] | null;
      messages: (KafkaMessage & { isControlRecord?: boolean })[];
    }

    interface InternalBroker {
      fetch(request: {
        isolationLevel: number;
        maxWaitTime: number;
        minBytes: number;
        maxBytes: number;
        topics: {
          topic: string;
          partitions: (PartitionRequest & { fetchOffset: string; maxBytes: number })[];
        }[];
      }): Promise<{ responses: { topicName: string; partitions: FetchedPartitionData[] }[] }>;
      offsetCommit(request: {
        groupId: string;
        groupGenerationId: number;
        memberId: string;
        topics: { topic: string; partitions: (PartitionRequest & { offset: string })[] }[];
      }): Promise<unknown>;
      offsetFetch(request: {
        groupId: string;
        topics: { topic: string; partitions: PartitionRequest[] }[] | null;
      }): Promise<{
        responses: {
          topic: string;
          partitions: (PartitionRequest & { offset: string; metadata: string | null })[];
        }[];
      }>;
    }
  }
  export = Cluster;
}

declare module 'kafkajs/src/consumer/batch' {
  import type { KafkaMessage } from 'kafkajs';
  import type Cluster from 'kafkajs/src/cluster';

  /** Drops control records, aborted transactions and what lies before the offset asked for. */
  class Batch {
    constructor(topic: string, fetchedOffset: string, partitionData: Cluster.FetchedPartitionData);
    readonly messages: KafkaMessage[];
    readonly rawMessages: KafkaMessage[];
  }
  export = Batch;
}

declare module 'kafkajs/src/network/socketFactory' {
  import type { ISocketFactory } from 'kafkajs';

  function createSocketFactory(): ISocketFactory;
  export = createSocketFactory;
}

declare module 'lz4js' {
  /** Returns the bytes written, 0 when the block cannot be compressed. */
  export function compressBlock(
    source: Uint8Array,
    target: Uint8Array,
    sourceIndex: number,
    sourceLength: number,
    hashTable: Uint32Array,
  ): number;
  export function decompress(input: Uint8Array): Uint8Array;
}

declare module 'snappyjs' {
  export function compress(input: Buffer): Buffer;
  export function uncompress(input: Buffer, maxLength?: number): Buffer;
}
