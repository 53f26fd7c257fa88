import CAgonImageCodecs

/// Extracts an archive into an existing folder.
///
/// Throws `DatasetError.badArchive`, or `.cannotWrite` where the disk is at fault.
func extractArchive(_ path: String, into folder: String) throws {
    var status: Int32 = 0
    let limit = agon_archive_limit(UInt64(FileStamp(path: path)?.size ?? 0))
    let reason = withMessage { message in
        status = agon_archive_extract(path, folder, limit, message)
        return status
    }
    guard let reason else { return }
    guard status == AGON_CANNOT_WRITE else { throw DatasetError.badArchive(path: path, reason: reason) }
    throw DatasetError.cannotWrite(path: folder, reason: reason)
}
