import AgonConfiguration
import AgonTensors
import Foundation

/// The contents of `run.json`: the state of a run, how it was started, and on which machine.
public struct RunRecord: Record, Sendable {
    public enum State: String, RecordValue, Sendable {
        case running, done, stopped, failed
        /// Ended early by a sweep's rule.
        case pruned
    }

    /// The format version that this program writes. A file without a version has version 1.
    public static let currentFormat = 2
    /// The first format version with a checksum.
    static let firstSealedFormat = 2

    public private(set) var format = Self.currentFormat
    public package(set) var state = State.running
    /// Why it stopped or failed, in one sentence.
    public package(set) var reason: String?
    /// The number of finished steps.
    public package(set) var step = 0
    /// The last step with a checkpoint, and the seconds of training up to it.
    public package(set) var checkpoint: Int?
    public package(set) var checkpointSeconds: Double?
    /// The step of the checkpoint that is kept as the best; nil if the config keeps none.
    public package(set) var bestCheckpoint: Int?
    public private(set) var steps: Int?
    public private(set) var seed: UInt64?
    public private(set) var threads: Int?
    public private(set) var commandLine: [String] = []
    /// The number of channels of the dataset's images; nil for points and in older records.
    public package(set) var dataChannels: Int?
    /// The names of the dataset's classes if samples are conditioned on them; nil otherwise and in older records.
    public package(set) var classes: [String]?
    /// The datasets in order of first use. A dataset whose contents changed has another entry.
    public package(set) var data: [RecordedData] = []
    /// The digests of the config, if its data moved since the run started; nil if they did not.
    package var moved: RecordedMove?
    /// When the run was first started and, unless it is running, when it ended: `2026-01-31T12:00:00Z`.
    public package(set) var started: String?
    public package(set) var ended: String?
    /// How often it was resumed.
    public package(set) var resumes = 0
    /// Seconds of training over all sessions.
    public package(set) var seconds: Double?
    public package(set) var stepsPerSecond: Double?
    /// The peak memory of the process, in bytes.
    public package(set) var peakMemoryBytes: Int?
    /// The peak memory of the process before its first evaluation, in bytes.
    public package(set) var peakMemoryBytesBeforeEvaluation: Int?
    public private(set) var versions: RecordedVersions?
    public private(set) var blas: RecordedBLAS?
    public private(set) var processor: RecordedProcessor?
    public package(set) var git: GitRevision?

    package init() {}

    /// The record of a run that this process is starting.
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
            .optional("bestCheckpoint", \.bestCheckpoint), .optional("steps", \.steps), .optional("seed", \.seed),
            .optional("threads", \.threads),
            .value("commandLine", \.commandLine), .optional("dataChannels", \.dataChannels),
            .optional("classes", \.classes), .value("data", \.data),
            .optional("moved", \.moved),
            .optional("started", \.started), .nullable("ended", \.ended), .value("resumes", \.resumes),
            .rounded("seconds", \.seconds, decimals: 3),
            .rounded("stepsPerSecond", \.stepsPerSecond, decimals: 2, writesNull: true),
            .optional("peakMemoryBytes", \.peakMemoryBytes),
            .optional("peakMemoryBytesBeforeEvaluation", \.peakMemoryBytesBeforeEvaluation),
            .optional("versions", \.versions), .optional("blas", \.blas), .optional("processor", \.processor),
            .nullable("git", \.git),
        ]
    }

    /// The peak memory of training without evaluations, in bytes.
    public var trainingMemoryBytes: Int? { peakMemoryBytesBeforeEvaluation ?? peakMemoryBytes }

    /// The peak resident memory of this process, in bytes.
    package static var peakMemory: Int {
        var usage = rusage()
        #if canImport(Darwin)
            return getrusage(RUSAGE_SELF, &usage) == 0 ? Int(usage.ru_maxrss) : 0
        #else
            return getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 ? Int(usage.ru_maxrss) << 10 : 0
        #endif
    }

    /// The current time in UTC.
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
    /// The contents of `run.json`; nil before the run has begun, and for a file that cannot be read.
    public var record: RunRecord? { (try? readRecord()) ?? nil }

    /// The contents of `run.json`; nil if the file does not exist.
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

    /// Throws `RunError.newerFormat` if `run.json` has a newer format version. Unreadable files are not reported here.
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
