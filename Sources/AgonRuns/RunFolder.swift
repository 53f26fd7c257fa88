import AgonConfiguration
import AgonTensors
import Foundation

/// The folder of one run:
///
///     config.json                        the complete config
///     run.json                           state, command line, versions, machine, times
///     metrics.jsonl                      losses and scores, a line every few steps
///     evaluations.jsonl                  values of metrics with everything that they depend on, if any were measured
///     events.out.tfevents.SECONDS.agon   the numbers and sample grids for TensorBoard
///     samples/step-0000400.png           grids of samples from the same latents
///     checkpoints/step-0000400.safetensors
///
/// Files are created by atomic rename, and logs grow by whole lines, so a run that is killed at any time can resume.
public struct RunFolder: Hashable, Sendable {
    public let path: String

    public init(path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    public var configPath: String { path + "/config.json" }
    public var recordPath: String { path + "/run.json" }
    public var metricsPath: String { path + "/metrics.jsonl" }
    public var samplesFolder: String { path + "/samples" }
    public var checkpointsFolder: String { path + "/checkpoints" }

    public func samplePath(step: Int) -> String { "\(samplesFolder)/\(Self.stem(step)).png" }
    public func checkpointPath(step: Int) -> String { "\(checkpointsFolder)/\(Self.stem(step)).safetensors" }

    private static func stem(_ step: Int) -> String {
        let digits = String(step)
        return "step-" + String(repeating: "0", count: max(0, 7 - digits.count)) + digits
    }

    /// Whether a run was started here: its config is written. An inaccessible config counts as present.
    public var holdsRun: Bool { FileSystem.exists(configPath) }

    /// The steps that have a checkpoint, in ascending order. The checkpoints may be damaged.
    ///
    /// Throws `TensorsError.cannotRead` if the folder cannot be read.
    public var checkpointSteps: [Int] {
        get throws {
            (try FileSystem.names(in: checkpointsFolder) ?? []).compactMap { name in
                guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
                return Int(name.dropFirst(5).dropLast(12))
            }.sorted()
        }
    }

    /// The newest grid of samples.
    public var newestSample: String? { samples.last }

    /// The grids of samples in the order of their steps.
    package var samples: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: samplesFolder)) ?? []
        return names.filter { $0.hasPrefix("step-") && $0.hasSuffix(".png") }
            .sorted { ($0.count, $0) < ($1.count, $1) }.map { samplesFolder + "/" + $0 }
    }

    // MARK: Creating and finding

    /// Checks that a new run in the folder would overwrite no file of anyone else. Empty logs are left by a run that
    /// was killed before it wrote its config.
    ///
    /// Throws `RunError.otherFile`, `TensorsError.cannotRead`.
    package func checkNoOtherFiles() throws {
        for path in [recordPath, metricsPath, evaluationsPath] {
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG || status.st_size > 0 else { continue }
            throw RunError.otherFile(path: path)
        }
        if FileSystem.exists(samplesFolder), !FileSystem.isFolder(samplesFolder) {
            throw RunError.otherFile(path: samplesFolder)
        }
        if let sample = samples.first { throw RunError.otherFile(path: sample) }
    }

    /// The parent of runs for which no folder is given.
    package static let defaultParent = "Runs"

    /// Creates a folder `Runs/NAME`, or `Runs/NAME-2` and so on if that exists. Two processes never get the same one.
    ///
    /// Throws `RunError.cannotMakeFolder`.
    package static func makeNew(named name: String, parent: String = defaultParent) throws -> RunFolder {
        try makeFolders(parent)
        for number in 1... {
            let path = parent + "/" + name + (number == 1 ? "" : "-\(number)")
            if mkdir(path, 0o777) == 0 { return RunFolder(path: path) }
            guard errno == EEXIST else { throw cannotMake(path, .cannotWrite(path: path, code: errno)) }
        }
        preconditionFailure("no folder name is free")
    }

    /// The newest folder that `makeNew` created for a name. `NAME-2` may also be the first run of an experiment with
    /// that name, so the config of a run has to state `name`.
    ///
    /// Throws `TensorsError.cannotRead`.
    package static func newest(named name: String, parent: String = defaultParent) throws -> RunFolder? {
        let names = try FileSystem.names(in: parent) ?? []
        let numbers = names.compactMap { entry -> Int? in
            if entry == name { return 1 }
            guard entry.hasPrefix(name + "-") else { return nil }
            return Int(entry.dropFirst(name.count + 1)).flatMap { $0 > 1 ? $0 : nil }
        }
        return numbers.sorted(by: >).lazy
            .map { RunFolder(path: parent + "/" + name + ($0 == 1 ? "" : "-\($0)")) }
            .first { folder in
                // Those without a config, or with an unreadable one, are left to the caller's checks.
                guard let config = try? ConfigNode.load(path: folder.configPath) else { return true }
                return config["name"]?.string == name
            }
    }

    /// Creates the folder and its subfolders if they are missing.
    package func make() throws {
        for folder in [path, samplesFolder, checkpointsFolder] { try Self.makeFolders(folder) }
    }

    /// Creates a folder and its parents if they are missing.
    ///
    /// Throws `RunError.cannotMakeFolder`, `TensorsError.cannotWrite` for a transient cause.
    public static func makeFolders(_ path: String) throws {
        do {
            try FileSystem.makeFolders(path)
        } catch {
            throw Self.cannotMake(path, error)
        }
    }

    private static func cannotMake(_ path: String, _ failure: TensorsError) -> any Error {
        guard case .cannotWrite(_, let code) = failure, !failure.isPassing else { return failure }
        return RunError.cannotMakeFolder(path: path, reason: SystemFault.text(of: code))
    }

    /// The state of a run, in words: as recorded, except that one recorded as running without a process has died. A run
    /// without a record waits, and one whose record cannot be read is damaged.
    ///
    /// - Parameter recorded: the state in the record; nil if there is none, or none that can be read.
    package func state(recorded: String?) -> String {
        if isBusy { return "running" }
        guard let recorded else { return FileSystem.exists(recordPath) ? "damaged" : "waiting" }
        return recorded == "running" ? "died" : recorded
    }

    /// Whether a process is working on the run. The query takes no lock, so it never prevents a run from starting.
    package var isBusy: Bool {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return RunLock.isHeld(descriptor)
    }

    /// Locks the folder for this process until the lock is released or the process ends.
    ///
    /// Throws `RunError.runBusy`, `TensorsError.cannotRead`.
    package func lock() throws -> Lock {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw TensorsError.cannotRead(path: path, code: errno) }
        switch RunLock.take(descriptor) {
        case .taken: return Lock(descriptor: descriptor)
        case .held:
            close(descriptor)
            throw RunError.runBusy(folder: path)
        case .impossible:
            // Some network file systems do not support locks; runs there are not locked.
            close(descriptor)
            return Lock(descriptor: -1)
        }
    }

    package final class Lock: Sendable {
        private let descriptor: Int32

        init(descriptor: Int32) { self.descriptor = descriptor }

        deinit { if descriptor >= 0 { close(descriptor) } }
    }

    /// Removes incomplete files of killed processes. The caller must hold the lock.
    package func removeLeftovers() {
        for folder in [path, samplesFolder, checkpointsFolder] { AtomicFile.removeLeftovers(in: folder) }
    }

    // MARK: Checkpoints

    /// The newest checkpoint that is intact and belongs to the config; nil if there are no checkpoints.
    ///
    /// - Parameters:
    ///   - config: an experiment's digest; a checkpoint without a comparable digest belongs to the folder's config.
    ///   - note: receives a message for each unusable checkpoint that is skipped.
    ///
    /// Throws `RunError.noUsableCheckpoint` if there are checkpoints but none is usable, `RunError.configChanged` if
    /// all belong to another config, `TensorsError.cannotRead` or `RunError.badCheckpoint` if the folder or a
    /// checkpoint cannot be read, because an unreadable checkpoint may be intact.
    package func newestCheckpoint(config: String? = nil, note: (String) -> Void) throws -> Checkpoint? {
        var problems: [String] = []
        var others = 0
        for step in try checkpointSteps.reversed() {
            let path = checkpointPath(step: step)
            do {
                let checkpoint = try Checkpoint(path: path)
                guard checkpoint.step == step else {
                    throw RunError.badCheckpoint(path: path, problem: "it belongs to step \(checkpoint.step)")
                }
                guard config == nil || checkpoint.config == nil || checkpoint.config == config else {
                    others += 1
                    throw RunError.badCheckpoint(path: path, problem: "it belongs to another config")
                }
                problems.forEach { note("\($0); passed over") }
                return checkpoint
            } catch let error as TensorsError where error.isReadFailure {
                throw try Self.lasting(error, of: path)
            } catch {
                problems.append("\(error)")
            }
        }
        guard problems.isEmpty else {
            if others == problems.count { throw RunError.configChanged(folder: path) }
            throw RunError.noUsableCheckpoint(folder: path, problems: problems)
        }
        return nil
    }

    /// The error of a checkpoint that no later attempt can read either, with what to do about it.
    ///
    /// Throws the error if a later attempt may succeed.
    private static func lasting(_ error: TensorsError, of path: String) throws -> RunError {
        guard case .cannotRead(_, let code) = error else { throw error }
        let problem: String
        switch code {
        case EISDIR: problem = "it is a folder; move it away"
        case EACCES, EPERM: problem = "its permissions forbid reading it; change them, or move it away"
        case EINVAL: problem = "it is not a regular file; move it away"
        default: throw error
        }
        return RunError.badCheckpoint(
            path: path, problem: problem + ", then continue from an earlier one with --resume")
    }

    /// Removes all but the newest `count` checkpoints up to `step`, and the best one. The caller must have checked that
    /// the checkpoint of `step` is readable. If the folder cannot be read, nothing is removed.
    package func removeOldCheckpoints(keeping count: Int, newest step: Int, best: Int? = nil) {
        let steps = (try? checkpointSteps) ?? []
        for old in steps.filter({ $0 <= step }).dropLast(count) where old != best { unlink(checkpointPath(step: old)) }
    }
}
