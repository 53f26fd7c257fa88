import AgonConfiguration
import AgonExperiments
import AgonGraph
import AgonTensors
import AgonText
import AgonTraining
import Foundation

/// Training throughput of an experiment on this machine: full iterations, including batch loading.
public struct Benchmark: Sendable {
    public let name: String
    public let threads: Int
    /// Timed iterations.
    public let steps: Int
    /// The median of the iterations' rates.
    public let stepsPerSecond: Double
    /// Real images per iteration.
    public let imagesPerStep: Int
    /// FLOPs per iteration.
    public let floatingPointOperations: Int
    /// Trainable parameters of both networks.
    public let parameters: Int
    /// Time of an iteration by kind of kernel on one thread, largest first; nil if not requested.
    public let profile: [KernelShare]?
    /// The rates on more threads; nil if not requested.
    public let scaling: ScalingModel?

    public struct KernelShare: Sendable {
        /// The operation and the shapes of its operands.
        public let kernel: String
        /// Per step.
        public let milliseconds: Double
        /// GFLOP/s.
        public let rate: Double
    }

    public var imagesPerSecond: Double { stepsPerSecond * Double(imagesPerStep) }
    public var gigaflops: Double { stepsPerSecond * Double(floatingPointOperations) * 1e-9 }

    /// Trains from fresh weights without a folder for the given time, after a warm-up of a tenth of it.
    ///
    /// - Parameters:
    ///   - profiles: whether to time kernels, on one thread.
    ///   - simulatedThreads: numbers of threads for ``ScalingModel``, from tasks timed on one thread.
    ///   - bandwidth: bytes per second of the machine's memory in that model; nil for no limit.
    ///
    /// Throws what `TrainingRun.run` throws before its first step.
    public init(
        _ experiment: Experiment, seconds: Double, profiles: Bool = false, simulatedThreads: [Int] = [],
        bandwidth: Double? = nil, options: TrainingOptions
    ) throws {
        try BLAS.open()
        let prepared = try TrainingSetup(experiment, options: options)
        defer { prepared.inputs.stop() }
        let step = prepared.step
        let clock = ContinuousClock()
        var index = 0
        func iterate(for seconds: Double) throws -> [Double] {
            var durations: [Double] = []
            var total = 0.0
            while total < seconds || durations.isEmpty {
                let start = clock.now
                try step.run(index, inputs: prepared.inputs)
                durations.append(Double(start.duration(to: clock.now)))
                total += durations[durations.count - 1]
                index += 1
            }
            return durations
        }
        _ = try iterate(for: seconds / 10)
        if profiles { step.startProfile() }
        if !simulatedThreads.isEmpty { step.startRecording() }
        let durations = try iterate(for: seconds)
        name = experiment.configuration.name
        threads = options.threads
        steps = durations.count
        // The median of uneven steps would leave out the rare ones.
        stepsPerSecond =
            step.isUneven
            ? Double(durations.count) / durations.reduce(0, +) : 1 / durations.sorted()[durations.count / 2]
        imagesPerStep = step.batches * experiment.configuration.training.batchSize
        floatingPointOperations = step.plans.reduce(0) { $0 + $1.floatingPointOperations }
        let gan = prepared.networks.gan
        parameters = (gan.generators + gan.discriminators).flatMap(\.parameters).reduce(0) {
            $0 + $1.shape.count
        }
        profile =
            profiles
            ? step.profile.map { kernel, time in
                KernelShare(
                    kernel: kernel, milliseconds: time.seconds * 1e3 / Double(durations.count),
                    rate: Double(time.floatingPointOperations) * 1e-9 / max(time.seconds, 1e-9))
            }.sorted { $0.milliseconds > $1.milliseconds } : nil
        if simulatedThreads.isEmpty {
            scaling = nil
        } else {
            let recordings = step.recordings
            let inTasks = recordings.reduce(0) { $1.tasks.reduce($0) { $1.pieces.reduce($0) { $0 + Double($1) } } }
            let serial = max(0, durations.reduce(-inTasks, +)) / Double(durations.count)
            scaling = ScalingModel(
                recordings, iterations: durations.count, serial: serial, threads: simulatedThreads,
                bandwidth: bandwidth)
        }
    }

    public var text: String {
        let rates = [(stepsPerSecond, 2, "steps/s"), (imagesPerSecond, 0, "images/s"), (gigaflops, 1, "GFLOP/s")]
        var lines = [
            "\(name)  \(CountText.short(threads, "thread"))  \(CountText.short(steps, "step"))",
            rates.map { NumberText.fixed($0, decimals: $1) + " " + $2 }.joined(separator: "  "),
        ]
        if let profile {
            var table = TextTable(["ms", "GFLOP/s", "kernel"])
            for share in profile {
                table.add([
                    NumberText.fixed(share.milliseconds, decimals: 3), NumberText.fixed(share.rate, decimals: 1),
                    share.kernel,
                ])
            }
            lines.append(table.text)
        }
        if let scaling { lines.append(scaling.text) }
        return lines.joined(separator: "\n")
    }

    public var node: ConfigNode {
        var object = ConfigObject()
        object["config"] = ConfigNode(name)
        object["threads"] = ConfigNode(threads)
        object["steps"] = ConfigNode(steps)
        object["stepsPerSecond"] = .number(stepsPerSecond, decimals: 4)
        object["imagesPerSecond"] = .number(imagesPerSecond, decimals: 2)
        object["gigaflopsPerSecond"] = .number(gigaflops, decimals: 2)
        object["parameters"] = ConfigNode(parameters)
        if let profile {
            var kernels = ConfigObject()
            for share in profile { kernels[share.kernel] = .number(share.milliseconds, decimals: 4) }
            object["millisecondsPerStep"] = ConfigNode(kernels)
        }
        if let scaling { object["scaling"] = scaling.node }
        return ConfigNode(object)
    }
}
