import AgonDiagnostics
import AgonExperiments
import AgonTraining
import ArgumentParser

struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark", abstract: "Measure how fast a config trains on this machine.",
        discussion: """
            Trains from fresh weights for a few seconds and saves nothing. --profile
            times each kind of kernel on one thread. --simulate-threads times each
            task on one thread and computes how fast more threads would be, whether or
            not this machine has them; Benchmarks/scaling.md says how far to trust it.

            EXAMPLES
              agon benchmark Configs/selfgan/dcgan.json
              agon benchmark Configs/selfgan/mlp.json --threads 1 --profile
              agon benchmark Configs/gan/dcgan.json --set batchSize=256 --json
              agon benchmark gan/dcgan --simulate-threads 2 --simulate-threads 32
            """)

    @OptionGroup var config: ConfigOptions
    @Option(parsing: .unconditional, help: "How long to measure, in seconds.")
    var seconds = 5.0
    @Flag(help: "Show where the time goes, on a single thread.")
    var profile = false
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Predict the speed on this many threads; repeatable.", valueName: "count"))
    var simulateThreads: [Int] = []
    @Option(
        parsing: .unconditional,
        help: "For --simulate-threads: the memory bandwidth of the machine, in GB/s; default: unlimited.")
    var memoryBandwidth: Double?
    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var data: DataOptions

    func validate() throws {
        guard seconds > 0, seconds <= 86400 else {
            throw ValidationError("--seconds \(seconds): expected a number above 0, at most 86400")
        }
        if let count = simulateThreads.first(where: { !(1...4096).contains($0) }) {
            throw ValidationError("--simulate-threads \(count): expected a number of threads, 1 to 4096")
        }
        if let memoryBandwidth {
            guard memoryBandwidth > 0, memoryBandwidth.isFinite else {
                throw ValidationError("--memory-bandwidth \(memoryBandwidth): expected GB/s above 0")
            }
            guard !simulateThreads.isEmpty else {
                throw ValidationError("--memory-bandwidth is a setting of --simulate-threads")
            }
        }
    }

    func run() throws {
        let experiment = try Experiment.load(path: config.path(), overrides: config.overrides)
        var options = TrainingOptions()
        options.threads = profile || !simulateThreads.isEmpty ? 1 : threads.count
        options.searchPath = data.searchPath
        let benchmark = try Benchmark(
            experiment, seconds: seconds, profiles: profile, simulatedThreads: Set(simulateThreads).sorted(),
            bandwidth: memoryBandwidth.map { $0 * 1e9 }, options: options)
        print(json ? benchmark.node.prettyText : benchmark.text)
    }
}
