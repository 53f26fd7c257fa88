import AgonDatasets
import AgonTensors
import ArgumentParser

/// The config and its overrides.
struct ConfigOptions: ParsableArguments {
    @Argument(
        help: "The config, a JSON file or the name of a shipped one such as gan/mlp; or the folder of a run.",
        completion: .file())
    var config: String

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Set one value of the config; repeatable.", valueName: "path=value"))
    var overrides: [String] = []

    /// The config's file, or the folder of a run.
    ///
    /// Throws `ConfigError.unknownFile`.
    func path() throws -> String {
        try ProjectFiles.existingConfig(config, in: "Configs", noun: "config", listing: "agon configs")
    }
}

struct ThreadOptions: ParsableArguments {
    @Option(help: "Compute threads; results do not depend on them. Default: all usable cores.")
    var threads: Int?

    func validate() throws {
        try check("--threads", threads, in: 1...1024)
    }

    var count: Int { threads ?? Processor.current.usableCores }
}

struct DataOptions: ParsableArguments {
    @Option(help: "A folder of datasets to search first.", completion: .directory)
    var data: String?

    var searchPath: DataSearchPath { .standard(dataFolder: data) }
}

struct ChangedDataOptions: ParsableArguments {
    @Flag(help: "Continue although the files of the dataset have changed since the run used them.")
    var acceptChangedData = false
}

/// Refuses a number outside of a range, such as `--scale 0: expected a number from 1 to 64`.
///
/// - Parameters:
///   - value: of the option; nil if it is not given.
///   - expected: the range in words; default: its ends.
func check(_ option: String, _ value: Int?, in range: ClosedRange<Int>, _ expected: String? = nil) throws {
    guard let value, !range.contains(value) else { return }
    let ends = "a number from \(range.lowerBound) to \(range.upperBound)"
    throw ValidationError("\(option) \(value): expected \(expected ?? ends)")
}
