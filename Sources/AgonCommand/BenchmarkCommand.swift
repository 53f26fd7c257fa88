import AgonDiagnostics
import AgonExperiments
import AgonTraining
import ArgumentParser

struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark", abstract: "Measure how fast a config trains on this machine.",
        discussion: """
            Trains from fresh weights for a few seconds and saves nothing.
            --profile times each kind of kernel on one thread.

            EXAMPLES
              agon benchmark Configs/selfgan/dcgan.json
              agon benchmark Configs/selfgan/mlp.json --threads 1 --profile
              agon benchmark Configs/gan/dcgan.json --set batchSize=256 --json
            """)

    @OptionGroup var config: ConfigOptions
    @Option(help: "How long to measure.")
    var seconds = 5.0
    @Flag(help: "Show where the time goes, on a single thread.")
    var profile = false
    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var data: DataOptions

    func validate() throws {
        guard seconds > 0, seconds <= 86400 else {
            throw ValidationError("--seconds \(seconds): expected a number above 0, at most 86400")
        }
    }

    func run() throws {
        let experiment = try Experiment.load(path: config.config, overrides: config.overrides)
        var options = TrainingOptions()
        options.threads = profile ? 1 : threads.count
        options.searchPath = data.searchPath
        let benchmark = try Benchmark(experiment, seconds: seconds, profiles: profile, options: options)
        print(json ? benchmark.node.prettyText : benchmark.text)
    }
}
