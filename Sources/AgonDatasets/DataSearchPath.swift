import AgonConfiguration
import AgonTensors
import Foundation

/// The search order for data and manifests: the folder given by `--data`, the folder in `AGON_DATA`, the project's
/// `Datasets`, and system folders.
public struct DataSearchPath: Sendable {
    /// A folder with a subfolder for each dataset.
    public struct Root: Hashable, Sendable {
        /// Whether the folder itself may be the dataset, in addition to its subfolders with the dataset's name.
        public enum Standing: Hashable, Sendable {
            /// The folder is only a collection of datasets.
            case collection
            /// It may be the dataset if its contents match the record. File names prove nothing: many datasets use
            /// MNIST's.
            case environment
            /// It may be the dataset because the user says so, unless its contents are known to be another dataset.
            case given
            /// It is the one dataset, as stated by `dataset.path`.
            case set
        }

        public let path: String
        public let standing: Standing

        public init(path: String, standing: Standing) {
            self.path = path
            self.standing = standing
        }

        /// - Parameter mayBeTheSet: whether the path may also be the folder of the dataset itself, since users give
        ///   either.
        public init(path: String, mayBeTheSet: Bool) {
            self.init(path: path, standing: mayBeTheSet ? .given : .collection)
        }
    }

    public let roots: [Root]
    /// The folder that the user gave by `--data`; nil if there is none.
    package var givenFolder: String? { roots.first { $0.standing == .given }?.path }
    /// Folders that may hold manifests, `NAME.json`.
    public let manifestFolders: [String]
    /// Where fetched data are stored, in a subfolder for each dataset.
    public let fetchFolder: String
    /// The folder for cached file records and unpacked archives. If nil, records are not kept, and archives are
    /// unpacked in a temporary folder.
    public let cacheFolder: String?

    public init(roots: [Root], manifestFolders: [String], fetchFolder: String, cacheFolder: String? = nil) {
        self.roots = roots
        self.cacheFolder = cacheFolder
        self.manifestFolders = manifestFolders
        self.fetchFolder = fetchFolder
    }

    /// The search order described above.
    ///
    /// - Parameter dataFolder: the folder that the user gave by `--data`.
    public static func standard(
        dataFolder: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment,
        workingFolder: String = FileManager.default.currentDirectoryPath,
        systemFolders: [String] = ["/usr/local/share/datasets", "/usr/share/datasets"]
    ) -> DataSearchPath {
        let fromEnvironment = environment["AGON_DATA"].flatMap { $0.isEmpty ? nil : $0 }
        let given =
            [dataFolder.map { Root(path: DatasetArchive.expanded($0), standing: .given) }]
            + [fromEnvironment.map { Root(path: DatasetArchive.expanded($0), standing: .environment) }]
        let named = given.compactMap { $0 }
        let projects = ProjectFiles.places(of: "Datasets", workingFolder: workingFolder) { folder in
            let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return entries.contains { $0.hasSuffix(".json") }
        }
        return DataSearchPath(
            roots: named + (projects.prefix(1) + systemFolders).map { Root(path: $0, standing: .collection) },
            manifestFolders: projects.isEmpty ? [workingFolder + "/Datasets"] : projects,
            fetchFolder: named.first?.path ?? projects.first ?? workingFolder + "/Datasets",
            cacheFolder: CacheFolder.path("datasets", environment: environment))
    }

    /// The same search path, but for a single dataset that is in `folder`.
    func only(_ folder: String) -> DataSearchPath {
        DataSearchPath(
            roots: [Root(path: folder, standing: .set)], manifestFolders: manifestFolders, fetchFolder: fetchFolder,
            cacheFolder: cacheFolder)
    }

    /// A folder that may contain a dataset.
    struct Candidate {
        let folder: String
        let standing: Root.Standing
        /// Whether the folder has the dataset's name, or is the one that a config names.
        let isNamed: Bool
    }

    /// The folders that may contain dataset `name`, under any spelling of its name.
    func candidates(for name: String) -> [Candidate] {
        roots.flatMap { root in
            let named = DatasetFiles.folders(of: name, in: root.path).map {
                Candidate(folder: $0, standing: root.standing, isNamed: true)
            }
            guard root.standing != .collection else { return named }
            let isNamed = root.standing == .set || DatasetFiles.isNamed(root.path, as: name)
            return named
                + [root.path, root.path + "/raw"].map {
                    Candidate(folder: $0, standing: root.standing, isNamed: isNamed)
                }
        }
    }

    /// The searched folders, as shown in messages.
    func folders(for name: String) -> [String] {
        roots.flatMap { [$0.path + "/" + name] + ($0.standing == .collection ? [] : [$0.path]) }
    }
}
