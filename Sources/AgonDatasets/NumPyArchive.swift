import AgonTensors
import CAgonImageCodecs
import Foundation

/// Several arrays in one file in the format of `numpy.savez`: a zip of `.npy` files.
public enum NumPyArchive {
    /// Reads arrays by their names.
    ///
    /// Throws `DatasetError.badArchive` for a file that is not a zip or lacks an array, `TensorsError` for an
    /// unreadable array, either's `.cannotWrite` if the system's temporary folder cannot hold the arrays.
    public static func read(path: String, names: [String]) throws -> [NpyArray] {
        let folder = NSTemporaryDirectory() + "agon-npz-\(UUID().uuidString)"
        try FileSystem.makeFolders(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try extractArchive(path, into: folder)
        return try names.map { name in
            guard FileManager.default.fileExists(atPath: "\(folder)/\(name).npy") else {
                let found = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
                throw DatasetError.badArchive(
                    path: path,
                    reason: "there is no array '\(name)'; it has "
                        + (found.isEmpty ? "none" : found.prefix(8).joined(separator: ", ")))
            }
            do {
                return try NpyArray(path: "\(folder)/\(name).npy")
            } catch TensorsError.malformed(_, let format, let problem) {
                throw TensorsError.malformed(path: "\(path), \(name)", format: format, problem: problem)
            }
        }
    }

    /// Writes named arrays, atomically: the file appears whole or not at all.
    ///
    /// Throws `DatasetError.cannotWrite` without memory, `TensorsError.cannotWrite`.
    public static func write(_ arrays: [(name: String, array: NpyArray)], path: String) throws {
        guard let zip = agon_zip_begin() else {
            throw DatasetError.cannotWrite(path: path, reason: "no memory for the archive")
        }
        var failure: String?
        for (name, array) in arrays where failure == nil {
            failure = withMessage { message in
                array.fileBytes.withUnsafeBytes {
                    agon_zip_add(zip, name + ".npy", $0.baseAddress, $0.count, message)
                }
            }
        }
        if let reason = failure {
            agon_zip_finish(zip, nil, nil)
            throw DatasetError.cannotWrite(path: path, reason: reason)
        }
        try writeEncoded(path: path) { encoding, message in agon_zip_finish(zip, encoding, message) }
    }
}
