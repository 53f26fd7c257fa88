import AgonDatasets
import AgonText
import ArgumentParser
import Foundation

struct DatasetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "datasets", abstract: "List, fetch and verify datasets.",
        discussion: """
            Data are searched for in the folder given with --data, in the folder that
            AGON_DATA names, in the project's Datasets folder, in
            /usr/local/share/datasets and in /usr/share/datasets.

            EXAMPLES
              agon datasets list
              agon datasets fetch fashion-mnist
              agon datasets fetch mnist --from ~/Downloads/mnist
              agon datasets verify mnist
            """,
        subcommands: [List.self, Fetch.self, Verify.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the datasets and their locations.",
            discussion: """
                EXAMPLES
                  agon datasets list
                  agon datasets list --data ~/Downloads
                """)

        @OptionGroup var data: DataOptions

        func run() throws {
            let entries = try DatasetCatalogue(searchPath: data.searchPath).entries()
            let width = 2 + (entries.map(\.manifest.name.count).max() ?? 0)
            for entry in entries {
                let name = entry.manifest.name.padding(toLength: width, withPad: " ", startingAt: 0)
                let place = entry.location?.folder ?? "missing; \(entry.manifest.remedy)"
                print("\(name)\(entry.manifest.title), \(entry.manifest.licence)")
                print(String(repeating: " ", count: width) + place)
            }
        }
    }

    struct Fetch: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Download a dataset and verify every file.",
            discussion: """
                EXAMPLES
                  agon datasets fetch fashion-mnist
                  agon datasets fetch mnist --from ~/Downloads/mnist
                """)

        @Argument(help: "The dataset's name.")
        var name: String
        @Option(help: "Take the files from this folder instead of downloading them.", completion: .directory)
        var from: String?
        @Option(
            help: ArgumentHelp(
                "Store the dataset in this folder of datasets, which is made if necessary.", valueName: "folder"),
            completion: .directory)
        var data: String?

        func validate() throws {
            if data?.isEmpty == true { throw ValidationError("--data: expected the name of a folder") }
        }

        func run() throws {
            let outcome = try DatasetCatalogue(searchPath: .standard(dataFolder: data)).fetch(
                name, from: from, showsProgress: TerminalSize.canRedraw
            ) { print($0) }
            print(
                outcome.wasPresent
                    ? "\(outcome.path): already present and verified" : "\(outcome.path): fetched and verified")
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check the files of datasets against their checksums.",
            discussion: """
                Without a name, checks all datasets on this machine. The exit code is 1 if a
                file fails.

                EXAMPLES
                  agon datasets verify
                  agon datasets verify mnist
                """)

        @Argument(help: "The dataset's name; default: all datasets on this machine.")
        var name: String?
        @OptionGroup var data: DataOptions

        func run() throws {
            let catalogue = DatasetCatalogue(searchPath: data.searchPath)
            let manifests = try name.map { [try catalogue.manifest(named: $0)] } ?? catalogue.entries().map(\.manifest)
            var isSound = true
            for manifest in manifests {
                guard let location = catalogue.locate(manifest) else {
                    print("\(manifest.name): missing; \(manifest.remedy)")
                    isSound = isSound && name == nil
                    continue
                }
                let reports = DatasetVerification.verify(location)
                for report in reports { print("\(report.path): \(report.verdict.words)") }
                isSound = isSound && !reports.isEmpty && reports.allSatisfy(\.isSound)
            }
            if !isSound { throw ExitCode(1) }
        }
    }
}

extension DatasetVerification.Report.Verdict {
    fileprivate var words: String {
        switch self {
        case .sound: "sound"
        case .missing: "missing"
        case .wrongSize(let expected, let found): "wrong size, \(found) bytes instead of \(expected)"
        case .wrongContents(let expected, let found): "wrong contents, SHA-256 \(found) instead of \(expected)"
        case .unreadable(let reason): "cannot be read: \(reason)"
        case .unrecorded: "missing, so nothing can be verified; only 'agon datasets fetch' records checksums"
        }
    }
}
