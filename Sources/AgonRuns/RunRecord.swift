import AgonConfiguration
import AgonTensors
import Foundation

/// What `run.json` says of a run: its state, how it was started, and on what.
package struct RunRecord {
    package enum State: String {
        case running, done, stopped, failed
    }

    package var state = State.running
    /// Why it stopped or failed, in a sentence.
    package var reason: String?
    /// The steps that are finished.
    package var step = 0
    var steps: Int
    let commandLine: [String]
    let seed: UInt64
    let threads: Int
    /// When the run was first started and, if it is not running, when it ended: `2026-01-31T12:00:00Z`.
    package var started: String
    package var ended: String?
    /// How often it was resumed.
    package var resumes = 0
    /// Seconds of training, all parts together.
    package var seconds = 0.0
    package var stepsPerSecond: Double?
    package var git: GitRevision?
    /// The most memory that this process had before it evaluated for the first time, in bytes.
    package var peakMemoryBeforeEvaluation: Int?

    package init(steps: Int, commandLine: [String], seed: UInt64, threads: Int, started: String) {
        self.steps = steps
        self.commandLine = commandLine
        self.seed = seed
        self.threads = threads
        self.started = started
    }

    package func write(to path: String) throws {
        try AtomicFile.write(path: path, text: node.prettyText)
    }

    private var node: ConfigNode {
        let blas = BLAS.description
        let processor = Processor.current
        var object = ConfigObject()
        object["state"] = ConfigNode(state.rawValue)
        object["reason"] = reason.map { ConfigNode($0) } ?? .null
        object["step"] = ConfigNode(step)
        object["steps"] = ConfigNode(steps)
        object["seed"] = .number(seed)
        object["threads"] = ConfigNode(threads)
        object["commandLine"] = ConfigNode(commandLine.map { ConfigNode($0) })
        object["started"] = ConfigNode(started)
        object["ended"] = ended.map { ConfigNode($0) } ?? .null
        object["resumes"] = ConfigNode(resumes)
        object["seconds"] = .number(seconds, decimals: 3)
        object["stepsPerSecond"] = stepsPerSecond.map { .number($0, decimals: 2) } ?? .null
        object["peakMemoryBytes"] = ConfigNode(Self.peakMemory)
        if let peakMemoryBeforeEvaluation {
            object["peakMemoryBytesBeforeEvaluation"] = ConfigNode(peakMemoryBeforeEvaluation)
        }
        object["versions"] = [
            "agon": ConfigNode(AgonVersion.current), "swift": ConfigNode(AgonVersion.swift),
            "blas": ConfigNode(blas.version),
            "system": ConfigNode(ProcessInfo.processInfo.operatingSystemVersionString),
        ]
        object["blas"] = [
            "library": ConfigNode(blas.library), "coreType": ConfigNode(blas.coreType),
            "threading": ConfigNode(blas.threading), "configuration": ConfigNode(blas.configuration),
        ]
        object["processor"] = [
            "brand": ConfigNode(processor.brand), "vendor": ConfigNode(processor.vendor),
            "family": ConfigNode(processor.family), "model": ConfigNode(processor.model),
            "features": ConfigNode(processor.featureNames.map { ConfigNode($0) }),
            "usableCores": ConfigNode(processor.usableCores),
        ]
        object["git"] = git.map { ["commit": ConfigNode($0.commit), "isDirty": ConfigNode($0.isDirty)] } ?? .null
        return ConfigNode(object)
    }

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

extension ConfigNode {
    /// A number of a fixed count of decimals at most: `12.345`.
    package static func number(_ value: Double, decimals: Int) -> ConfigNode {
        var factor = 1.0
        for _ in 0..<decimals { factor *= 10 }
        return value.isFinite ? ConfigNode((value * factor).rounded() / factor) : .null
    }

    package static func number(_ value: UInt64) -> ConfigNode { ConfigNode(.number(String(value))) }
}
