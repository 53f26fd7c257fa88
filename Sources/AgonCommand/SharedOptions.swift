import AgonConfiguration
import AgonDatasets
import AgonRuns
import AgonTensors
import AgonText
import ArgumentParser

/// The config and its overrides.
struct ConfigOptions: ParsableArguments {
    @Argument(
        help:
            "The config: a JSON file, the name of a config that comes with Agon, such as gan/mlp, or the folder of a run.",
        completion: .file())
    var config: String

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Set one value of the config; repeatable.", valueName: "path=value"))
    var overrides: [String] = []

    func validate() throws { try requireName(config, "config", example: "gan/mlp") }

    /// The config's file; for the folder of a run, that of its config.
    ///
    /// Throws `ConfigError.unknownFile`.
    func path() throws -> String {
        let folder = RunFolder(path: config)
        if folder.holdsRun { return folder.configPath }
        return try ProjectFiles.existingConfig(
            config, in: "Configs", noun: "config", listing: CommandText.agon("configs"))
    }
}

/// Refuses an empty argument, as a script passes for a variable that is not set: no file has this name.
///
/// Throws `ValidationError`.
func requireName(_ name: String, _ noun: String, example: String) throws {
    if name.isEmpty { throw ValidationError("the name of the \(noun) is empty; give one, such as \(example)") }
}

struct ThreadOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: "The number of compute threads, which does not change results; default: all usable cores.")
    var threads: Int?

    func validate() throws {
        try check("--threads", threads, in: 1...1024)
    }

    var count: Int { threads ?? Processor.current.usableCores }
}

/// The folder of `--data`, which need not exist on this machine.
struct DataFolderOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("Search this folder of datasets first.", valueName: "folder"), completion: .directory)
    var data: String?

    var searchPath: DataSearchPath { .standard(dataFolder: data) }

    func requireFolder() throws {
        guard let data else { return }
        let folder = DatasetArchive.expanded(data)
        guard !FileSystem.isFolder(folder) else { return }
        throw ValidationError("--data \(data): \(FileSystem.exists(folder) ? "not a folder" : "no such folder")")
    }
}

struct DataOptions: ParsableArguments {
    @OptionGroup var folder: DataFolderOption

    func validate() throws { try folder.requireFolder() }

    var data: String? { folder.data }
    var searchPath: DataSearchPath { folder.searchPath }
}

struct ChangedDataOptions: ParsableArguments {
    @Flag(help: "Continue even if the files of the dataset have changed since the run used them.")
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
