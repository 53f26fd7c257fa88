import AgonRuns
import AgonTensors
import Foundation

/// Finds the folders of runs below others.
enum RunWalk {
    private static let depthLimit = 8

    /// The runs in a folder and below it (the folder itself may be one), sorted by path. Links are not followed.
    static func folders(below root: String) -> [RunFolder] {
        var found: [RunFolder] = []
        visit(RunFolder(path: root).path, depth: 0, &found)
        return found.sorted { $0.path < $1.path }
    }

    private static func visit(_ path: String, depth: Int, _ found: inout [RunFolder]) {
        let folder = RunFolder(path: path)
        if folder.holdsRun {
            // A trial that has not started has only a config.
            if FileManager.default.fileExists(atPath: folder.recordPath) { found.append(folder) }
            return
        }
        guard depth < depthLimit, let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return }
        for name in names where !name.hasPrefix(".") {
            var status = stat()
            let child = path + "/" + name
            if lstat(child, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { visit(child, depth: depth + 1, &found) }
        }
    }
}

extension RunFolder {
    /// Changes whenever anything that the index stores of the run does.
    var mark: String {
        let files =
            [configPath, recordPath, metricsPath, evaluationsPath, path, checkpointsFolder, samplesFolder]
            + [sweep?.listPath].compactMap(\.self)
        return files.map { file in
            var status = stat()
            guard stat(file, &status) == 0 else { return "-" }
            return "\(status.modified).\(status.st_size)"
        }.joined(separator: " ")
    }
}
