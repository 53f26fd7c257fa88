import AgonConfiguration
import AgonTensors
import Foundation

/// What `run.json` says of a run: its state, how it was started, and on what.
public struct RunRecord: Record, Sendable {
    public enum State: String, RecordValue, Sendable {
        case running, done, stopped, failed
        /// Ended early by a sweep's rule.
        case pruned
    }

    /// The version of the fields' meaning that this program writes. Files without a version mean the same as version 1.
    public static let currentFormat = 2
    /// The first version with a checksum.
    static let firstSealedFormat = 2

    public private(set) var format = Self.currentFormat
    public package(set) var state = State.running
    /// Why it stopped or failed, in a sentence.
    public package(set) var reason: String?
    /// The steps that are finished.
    public package(set) var step = 0
    /// The last step that has a checkpoint, and the seconds of training until then.
    public package(set) var checkpoint: Int?
    public package(set) var checkpointSeconds: Double?
    public private(set) var steps: Int?
    public private(set) var seed: UInt64?
    public private(set) var threads: Int?
    public private(set) var commandLine: [String] = []
    /// Channels of the dataset's images; nil for points and in older records.
    public package(set) var dataChannels: Int?
    /// The data that were used, in the order in which they first were; contents that replaced others come after them.
    public package(set) var data: [RecordedData] = []
    /// When the run was first started and, if it is not running, when it ended: `2026-01-31T12:00:00Z`.
    public package(set) var started: String?
    public package(set) var ended: String?
    /// How often it was resumed.
    public package(set) var resumes = 0
    /// Seconds of training, all parts together.
    public package(set) var seconds: Double?
    public package(set) var stepsPerSecond: Double?
    /// The most memory that the process had, in bytes.
    public package(set) var peakMemoryBytes: Int?
    /// The most memory that the process had before it evaluated for the first time, in bytes.
    public package(set) var peakMemoryBytesBeforeEvaluation: Int?
    public private(set) var versions: RecordedVersions?
    public private(set) var blas: RecordedBLAS?
    public private(set) var processor: RecordedProcessor?
    public package(set) var git: GitRevision?

    package init() {}

    /// The record of a run that this process starts now.
    package init(steps: Int, commandLine: [String], seed: UInt64, threads: Int) {
        self.steps = steps
        self.commandLine = commandLine
        self.seed = seed
        self.threads = threads
        started = Self.now
        versions = .current
        blas = .current
        processor = .current
    }

    package static var fields: [RecordField<RunRecord>] {
        [
            .value("format", \.format), .value("state", \.state), .nullable("reason", \.reason), .value("step", \.step),
            .optional("checkpoint", \.checkpoint), .rounded("checkpointSeconds", \.checkpointSeconds, decimals: 3),
            .optional("steps", \.steps), .optional("seed", \.seed), .optional("threads", \.threads),
            .value("commandLine", \.commandLine), .optional("dataChannels", \.dataChannels), .value("data", \.data),
            .optional("started", \.started), .nullable("ended", \.ended), .value("resumes", \.resumes),
            .rounded("seconds", \.seconds, decimals: 3),
            .rounded("stepsPerSecond", \.stepsPerSecond, decimals: 2, writesNull: true),
            .optional("peakMemoryBytes", \.peakMemoryBytes),
            .optional("peakMemoryBytesBeforeEvaluation", \.peakMemoryBytesBeforeEvaluation),
            .optional("versions", \.versions), .optional("blas", \.blas), .optional("processor", \.processor),
            .nullable("git", \.git),
        ]
    }

    /// The memory that training took, in bytes: without the evaluations', where there were any.
    public var trainingMemoryBytes: Int? { peakMemoryBytesBeforeEvaluation ?? peakMemoryBytes }

    /// The most memory that this process has had resident, in bytes.
    package static var peakMemory: Int {
        var usage = rusage()
        #if canImport(Darwin)
            return getrusage(RUSAGE_SELF, &usage) == 0 ? Int(usage.ru_maxrss) : 0
        #else
            return getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 ? Int(usage.ru_maxrss) << 10 : 0
        #endif
    }

    /// The time in UTC.
    package static var now: String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 32)
        strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension RunFolder {
    /// What `run.json` says; nil before the run has begun, and for a file that cannot be read.
    public var record: RunRecord? { (try? readRecord()) ?? nil }

    /// What `run.json` says; nil if there is none.
    ///
    /// Throws `RunError.damaged`, `TensorsError.cannotRead`.
    package func readRecord() throws -> RunRecord? {
        guard let bytes = try FileSystem.contents(of: recordPath) else { return nil }
        let remedy = "; it contains no weights: delete it, and --resume continues without the recorded times"
        guard let node = try? ConfigNode.parse(bytes, file: recordPath), let record = RunRecord(node: node) else {
            throw RunError.damaged(path: recordPath, problem: "it is not valid JSON" + remedy)
        }
        let verdict = SealedText.verdict(on: bytes)
        guard verdict == .whole || verdict == .unsealed && (node["format"]?.integer ?? 0) < RunRecord.firstSealedFormat
        else {
            throw RunError.damaged(path: recordPath, problem: "its checksum does not match its contents" + remedy)
        }
        return record
    }

    /// Throws `RunError.newerFormat` if `run.json` is of a newer version. One that cannot be read is left to others.
    package func checkFormat() throws {
        guard let format = record?.format, format > RunRecord.currentFormat else { return }
        throw RunError.newerFormat(path: recordPath, format: format)
    }

    /// Writes `run.json`.
    ///
    /// Throws `TensorsError.cannotWrite`.
    package func write(_ record: RunRecord) throws {
        try AtomicFile.write(path: recordPath, text: SealedText.sealed(record.node.prettyText))
    }
}
