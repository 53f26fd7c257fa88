import AgonTensors
import Foundation

/// A source from which files are fetched.
enum FileSource {
    /// A folder on this machine.
    case folder(String)
    /// `http`, `https` or `file`, without the file's name.
    case address(String)
    /// A Debian package and the folder in it.
    case package(String, folder: String)

    /// The source that a manifest names.
    init(_ text: String) {
        if text.hasPrefix("debian:") {
            let rest = text.dropFirst("debian:".count)
            let name = rest.prefix { $0 != "/" }
            self = .package(String(name), folder: String(rest.dropFirst(name.count)))
        } else if text.contains("://") {
            self = .address(text.hasSuffix("/") ? String(text.dropLast()) : text)
        } else {
            self = .folder(text)
        }
    }

    /// Writes file `name` to `target`. An existing target is a partial download and is continued.
    ///
    /// Throws: `DatasetError.downloadFailed`, `.missingTool`; `TensorsError.cannotWrite`.
    func get(_ name: String, to target: String, scratch: String, showsProgress: Bool) throws {
        switch self {
        case .folder(let folder):
            try copy(folder + "/" + name, to: target)
        case .address(let address):
            try download(address + "/" + name, to: target, showsProgress: showsProgress)
        case .package(let package, let folder):
            // An installed package needs no download.
            if FileManager.default.fileExists(atPath: folder + "/" + name) {
                try copy(folder + "/" + name, to: target)
            } else {
                let unpacked = try unpack(package, in: scratch)
                try copy(unpacked + folder + "/" + name, to: target)
            }
        }
    }

    private func copy(_ path: String, to target: String) throws {
        do {
            if FileManager.default.fileExists(atPath: target) { try FileManager.default.removeItem(atPath: target) }
            // Copying a link would create a link, not a copy of the file.
            let resolved = (path as NSString).resolvingSymlinksInPath
            try FileManager.default.copyItem(atPath: resolved, toPath: target)
        } catch {
            throw DatasetError.downloadFailed(source: path, reason: SystemFault.text(of: error))
        }
    }

    private func download(_ address: String, to target: String, showsProgress: Bool) throws {
        let curl = try ExternalTool("curl", remedy: "install it (apt-get install curl) or fetch with --from DIR")
        let fixed = [
            "--fail", "--location", "--retry", "3", "--retry-delay", "2", "--connect-timeout", "20", "--proto",
            "=http,https,file", "--continue-at", "-", "--output", target,
        ]
        let arguments = fixed + [showsProgress ? "--progress-bar" : "--silent", "--show-error", "--", address]
        let wasBegun = FileManager.default.fileExists(atPath: target)
        var result = try curl.run(arguments, showsProgress: showsProgress)
        if result.status != 0 && wasBegun {
            // The server cannot resume, or the partial file is longer than the file: start over.
            try? FileManager.default.removeItem(atPath: target)
            result = try curl.run(arguments, showsProgress: showsProgress)
        }
        guard result.status == 0 else { throw DatasetError.downloadFailed(source: address, reason: result.complaint) }
    }

    /// Downloads a package with apt and unpacks it without installing, so no root rights are needed. Once per fetch.
    private func unpack(_ package: String, in scratch: String) throws -> String {
        let folder = scratch + "/" + package
        let contents = folder + "/contents"
        if FileManager.default.fileExists(atPath: contents) { return contents }
        let remedy = "this source needs Debian or Ubuntu; fetch with --from DIR instead"
        let apt = try ExternalTool("apt-get", remedy: remedy)
        let dpkg = try ExternalTool("dpkg-deb", remedy: remedy)
        let source = "debian:" + package
        try FileSystem.makeFolders(folder)
        let downloaded = try apt.run(["--quiet", "download", package], in: folder)
        guard downloaded.status == 0 else {
            throw DatasetError.downloadFailed(source: source, reason: downloaded.complaint)
        }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        guard let archive = files.first(where: { $0.hasSuffix(".deb") }) else {
            throw DatasetError.downloadFailed(source: source, reason: "apt-get download left no package")
        }
        // Unpacked into a temporary neighbour and renamed, so that an incomplete folder is never taken for a complete
        // one.
        let unfinished = folder + "/unfinished"
        try? FileManager.default.removeItem(atPath: unfinished)
        let unpacked = try dpkg.run(["--extract", folder + "/" + archive, unfinished])
        guard unpacked.status == 0 else {
            throw DatasetError.downloadFailed(source: source, reason: unpacked.complaint)
        }
        guard rename(unfinished, contents) == 0 else {
            throw DatasetError.cannotWrite(path: contents, reason: String(cString: strerror(errno)))
        }
        return contents
    }
}
